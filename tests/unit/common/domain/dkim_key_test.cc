#include "common/domain/dkim_key.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/dkim_keys.h"

namespace postwatch {
namespace {

DkimKey Read(std::string_view text) {
  const absl::StatusOr<DkimKey> key = ParseDkimKey(text);
  EXPECT_TRUE(key.ok()) << key.status();
  return key.ok() ? *key : DkimKey();
}

std::string Mistake(std::string_view text) {
  return std::string(ParseDkimKey(text).status().message());
}

TEST(DkimKey, KnowsItsSize) {
  EXPECT_EQ(Read(Concat("v=DKIM1; k=rsa; p=", kRsa2048)).bits, 2048);
  EXPECT_EQ(Read(Concat("p=", kRsa1024)).bits, 1024);
  EXPECT_EQ(Read(Concat("v=DKIM1; p=", kBareRsa1024, ";")).bits, 1024);
  const DkimKey key = Read(Concat("v=DKIM1; k=ed25519; p=", kEd25519));
  EXPECT_EQ(key.algorithm, DkimKey::Algorithm::kEd25519);
  EXPECT_EQ(key.bits, 256);
  EXPECT_EQ(key.weakness(), "");
}

TEST(DkimKey, MayHaveSpaceInIt) {
  std::string spaced;
  for (const char c : kRsa1024) {
    spaced += c;
    spaced += ' ';
  }
  EXPECT_EQ(Read(Concat("v=DKIM1;p= ", spaced)).bits, 1024);
}

TEST(DkimKey, SaysWhatIsWeak) {
  EXPECT_EQ(Read(Concat("p=", kRsa512)).weakness(), "an RSA key of 512 bits, under 1024");
  EXPECT_EQ(Read(Concat("p=", kRsa1024)).weakness(), "");
  EXPECT_EQ(Read(Concat("h=sha1; p=", kRsa1024)).weakness(), "h=sha1 leaves out sha256");
  EXPECT_EQ(Read(Concat("h=sha1:SHA256; p=", kRsa1024)).weakness(), "");
}

TEST(DkimKey, ReadsTheOtherTags) {
  const DkimKey key = Read(Concat("v=DKIM1; t=y:s; s=email : other; n=x; p=", kRsa1024));
  EXPECT_TRUE(key.testing);
  EXPECT_TRUE(key.strict_domain);
  EXPECT_TRUE(key.for_email());
  EXPECT_FALSE(Read(Concat("s=tlsrpt; p=", kRsa1024)).for_email());
  EXPECT_TRUE(Read(Concat("s=*; p=", kRsa1024)).for_email());
  EXPECT_TRUE(Read("v=DKIM1; p=").revoked);
}

TEST(DkimKey, SaysWhatMakesItOfNoUse) {
  EXPECT_EQ(Mistake("v=DKIM1; k=rsa"), "there is no p=");
  EXPECT_EQ(Mistake("v=DKIM2; p="), "v=DKIM2 is not v=DKIM1");
  EXPECT_EQ(Mistake("k=rsa; v=DKIM1; p="), "v=DKIM1 is not the first tag");
  EXPECT_EQ(Mistake("k=dsa; p="), "k=dsa is no kind of key that is known");
  EXPECT_EQ(Mistake("v=DKIM1; p=; p="), "the tag p comes twice");
  EXPECT_EQ(Mistake("v=DKIM1; p=MIGf\"MA0"), "p= is not base64: '\"' at character 5");
  EXPECT_EQ(Mistake("v=DKIM1; p=MIGfM"), "p= is not whole base64");
  EXPECT_EQ(Mistake(Concat("p=", kRsa2048.substr(0, 200))),
            "p= is no RSA key; its 150 bytes are cut off or damaged");
  EXPECT_EQ(Mistake(Concat("k=ed25519; p=", kRsa1024)), "p= has 162 bytes, an Ed25519 key has 32");
  EXPECT_EQ(Mistake(Concat("p=", std::string(8000, 'A'))), "p= is longer than any key");
}

TEST(DkimKey, IsToldFromOtherTexts) {
  EXPECT_TRUE(LooksLikeDkimKey("v=DKIM1; p="));
  EXPECT_TRUE(LooksLikeDkimKey("k=rsa; p=MIG"));
  EXPECT_TRUE(LooksLikeDkimKey("v=DKIM1 broken"));
  EXPECT_TRUE(LooksLikeDkimKey("k=rsa p=MIG; oops"));
  EXPECT_FALSE(LooksLikeDkimKey("v=spf1 -all"));
  EXPECT_FALSE(LooksLikeDkimKey("hello"));
}

}  // namespace
}  // namespace postwatch
