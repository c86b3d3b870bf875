#include "common/pki/authorities.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/pki/ca.h"

namespace postwatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00 UTC

IssuedCertificate Make(absl::Duration lifetime = absl::Hours(1000)) {
  return *MakeAuthority("ca", kNow, lifetime);
}

TEST(Authorities, HashesAreOfTheKeyAndInOrder) {
  const IssuedCertificate a = Make(), b = Make();
  const std::vector<std::string> hashes = AuthorityHashes(Concat(a.certificate, b.certificate));
  ASSERT_EQ(hashes.size(), 2u);
  EXPECT_EQ(hashes[0], AuthorityHashes(a.certificate)[0]);
  EXPECT_EQ(hashes[1], AuthorityHashes(b.certificate)[0]);
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_TRUE(IsAuthorityHash(hashes[0]));
  EXPECT_TRUE(AuthorityHashes("nothing").empty());
}

// openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256sum
TEST(Authorities, TheHashIsWhatOtherToolsMake) {
  constexpr std::string_view kPem =
      "-----BEGIN CERTIFICATE-----\n"
      "MIIBcDCCARWgAwIBAgIUYxtZwcUJ4oaF/wxuuyLe1HHVGRUwCgYIKoZIzj0EAwIw\n"
      "DTELMAkGA1UEAwwCY2EwHhcNMjYxMTIzMDU1OTE5WhcNMzYxMTIwMDU1OTE5WjAN\n"
      "MQswCQYDVQQDDAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABApVU07hFzCh\n"
      "rHYn0yBIJZC8pQ8AAyhbdB93b2NaC1Jz5c99cXy1WMw7NM7jwCgT5bL6o/YDQer0\n"
      "hZkXnzZDul2jUzBRMB0GA1UdDgQWBBSZWRXdFjId6CF7wiatr8NpCX2xRTAfBgNV\n"
      "HSMEGDAWgBSZWRXdFjId6CF7wiatr8NpCX2xRTAPBgNVHRMBAf8EBTADAQH/MAoG\n"
      "CCqGSM49BAMCA0kAMEYCIQDmrXap0h8/XGGaF1ROQSy24Dq/YbJkr5CqzbUOfT2B\n"
      "PgIhAIuwoOR78WzHVrmP/AOo3B0GdKk+W5CrODzP7mfG3NMU\n"
      "-----END CERTIFICATE-----\n";
  EXPECT_EQ(AuthorityHashes(kPem),
            std::vector<std::string>(
                {"sha256:5072727e2ebb0bc372c7b77444e3945f3107dca1c6774de2e86fadf4643c885c"}));
}

TEST(Authorities, AHashHasOneForm) {
  const std::string good = "sha256:" + std::string(64, 'a');
  EXPECT_TRUE(IsAuthorityHash(good));
  for (const std::string& text :
       {std::string(64, 'a'), good + "a", "sha256:" + std::string(64, 'A'),
        "sha1:" + std::string(66, 'a'), std::string()}) {
    EXPECT_FALSE(IsAuthorityHash(text)) << text;
  }
}

TEST(Authorities, OnlyThoseAskedForAreKnown) {
  const IssuedCertificate a = Make(), b = Make(), c = Make();
  const std::string served = Concat(a.certificate, b.certificate);
  const std::string hash_b = AuthorityHashes(b.certificate)[0];
  const std::string hash_c = AuthorityHashes(c.certificate)[0];
  EXPECT_EQ(*KnownByHash(served, {hash_b}), b.certificate);
  EXPECT_EQ(*KnownByHash(served, {hash_c, hash_b}), b.certificate);
  const absl::Status stranger = KnownByHash(served, {hash_c}).status();
  EXPECT_EQ(stranger.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(stranger.message(), Concat("the authority has another hash than ", hash_c, "; it has ",
                                       AuthorityHashes(a.certificate)[0], " and ", hash_b));
  EXPECT_FALSE(KnownByHash(served, {}).ok());
  EXPECT_FALSE(KnownByHash("", {hash_b}).ok());
}

TEST(Authorities, MergedEachStandsOnceAndTheEndedAreLeftOut) {
  const IssuedCertificate a = Make(), b = Make(), old = Make(absl::Hours(1));
  const absl::Time later = kNow + absl::Hours(2);
  EXPECT_EQ(*MergeAuthorities(b.certificate, Concat(a.certificate, old.certificate, b.certificate),
                              later),
            Concat(b.certificate, a.certificate));
  EXPECT_EQ(*MergeAuthorities(old.certificate, "", kNow), old.certificate);
  EXPECT_EQ(MergeAuthorities(old.certificate, "", later).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Authorities, IssuedByOneOfThemAndValid) {
  const IssuedCertificate a = Make(), b = Make();
  IdentityRequest request{.identity = {PeerRole::kAgent, "eu", "fra1"},
                          .lifetime = absl::Hours(24)};
  const std::string leaf = IssueIdentity(b, request, kNow)->certificate;
  EXPECT_TRUE(CheckIssuedBy(leaf, Concat(a.certificate, b.certificate), kNow).ok());
  EXPECT_EQ(CheckIssuedBy(leaf, a.certificate, kNow).message(),
            "the certificate is of another authority");
  EXPECT_EQ(CheckIssuedBy(leaf, b.certificate, kNow + absl::Hours(24)).message(),
            "the certificate has ended, or is not valid yet");
  EXPECT_FALSE(CheckIssuedBy("", b.certificate, kNow).ok());
}

}  // namespace
}  // namespace postwatch
