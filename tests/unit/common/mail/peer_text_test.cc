#include "common/mail/peer_text.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/net/net_error.h"

namespace postwatch {
namespace {

TEST(PeerText, KeepsUtf8AndReplacesTheRest) {
  EXPECT_EQ(PeerText("Gr\xc3\xbc\xc3\x9f\n\ta\x01\x7f"), "Gr\xc3\xbc\xc3\x9f\n a??");
  EXPECT_EQ(PeerText("\xff\xc3(\xe2\x82"),
            "?"
            "?(?"
            "?");
  EXPECT_EQ(PeerText("\xf0\x9f\x93\xac"), "\xf0\x9f\x93\xac");
  EXPECT_EQ(PeerText("\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80"), std::string(9, '?'));
}

TEST(PeerText, CutsBetweenCharacters) {
  EXPECT_EQ(PeerText("ab\xc3\xbc", 3), "ab");
  EXPECT_EQ(PeerText("ab\xc3\xbc", 4), "ab\xc3\xbc");
}

TEST(SaslPlain, IsRfc4616) {
  EXPECT_EQ(SaslPlain("tim", "tanstaaftanstaaf"), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
}

TEST(CredentialScrubber, TakesEveryFormOut) {
  const CredentialScrubber scrubber("tim", "p\"ss\\word");
  EXPECT_EQ(scrubber.Scrub("is p\"ss\\word."), "is ***.");
  EXPECT_EQ(scrubber.Scrub("is \"p\\\"ss\\\\word\"."), "is \"***\".");
  EXPECT_EQ(scrubber.Scrub(Concat("is ", Base64("p\"ss\\word"))), "is ***");
  const std::string padded = scrubber.Scrub(SaslPlain("tim", "p\"ss\\word"));
  EXPECT_TRUE(padded == "***" || padded == "***=" || padded == "***==") << padded;
}

TEST(CredentialScrubber, TakesOutAFormCutOffAtTheEnd) {
  const CredentialScrubber scrubber("tim", "correct horse");
  const std::string filler(kMaxPeerText - 7, 'x');
  EXPECT_EQ(scrubber.Scrub(Concat(filler, "correct")), Concat(filler, "***"));
  EXPECT_EQ(scrubber.Scrub("this is correct"), "this is correct");
}

TEST(CredentialScrubber, NoPasswordNothingToScrub) {
  EXPECT_EQ(CredentialScrubber("tim", "").Scrub("text"), "text");
}

struct Said {
  std::string code;
  std::string text;
};

struct Numbered {
  int code = 0;
  std::string text;
};

TEST(CredentialScrubber, ScrubsWhateverAnAnswerConsistsOf) {
  const CredentialScrubber scrubber("tim", "horse");
  const absl::StatusOr<Said> said = scrubber.ScrubAnswer<Said>(Said{"X-horse", "no horse"});
  ASSERT_TRUE(said.ok());
  EXPECT_EQ(said->code, "X-***");
  EXPECT_EQ(said->text, "no ***");
  const absl::StatusOr<Numbered> numbered =
      scrubber.ScrubAnswer<Numbered>(Numbered{535, "no horse"});
  ASSERT_TRUE(numbered.ok());
  EXPECT_EQ(numbered->code, 535);
  EXPECT_EQ(numbered->text, "no ***");
}

TEST(CredentialScrubber, ScrubsWhatIsWrongWithAnAnswerAndLeavesNetworkErrorsAsTheyAre) {
  const CredentialScrubber scrubber("tim", "horse");
  EXPECT_EQ(scrubber.ScrubAnswer<Said>(absl::InvalidArgumentError("not a reply: 'horse'")).status(),
            absl::InvalidArgumentError("not a reply: '***'"));
  const absl::Status reset = NetStatus(NetError::kReset, "horse");
  EXPECT_EQ(scrubber.ScrubAnswer<Said>(reset).status(), reset);
}

}  // namespace
}  // namespace postwatch
