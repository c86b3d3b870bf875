#include "agent/probes/step_recorder.h"

#include <gmock/gmock.h>

#include "absl/strings/escaping.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::ElementsAre;

class StepRecorderTest : public ProbeFixture {
 protected:
  StepRecorder run_{Spec("smtp.mx", Keys({})), clock_};
};

TEST_F(StepRecorderTest, TimesStepsAndPasses) {
  run_.Begin("dns");
  clock_.Advance(absl::Milliseconds(20));
  run_.Begin("connect");
  clock_.Advance(absl::Milliseconds(30));
  const Observation seen = run_.Finish();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_THAT(seen.steps, ElementsAre(Step{"dns", absl::Milliseconds(20)},
                                      Step{"connect", absl::Milliseconds(30)}));
  EXPECT_EQ(seen.took, absl::Milliseconds(50));
  EXPECT_EQ(seen.check_id, "alpha.test/smtp.mx");
  EXPECT_EQ(seen.id.size(), 32u);
}

TEST_F(StepRecorderTest, NothingAfterTheFirstFailureChangesTheRecord) {
  run_.Begin("tls");
  run_.Fail(FailureClass::kTlsTimeout, "first");
  clock_.Advance(absl::Seconds(9));
  run_.Begin("quit");
  run_.Touch({"site", "192.0.2.1"});
  run_.Note("late");
  run_.Fact("late", "1");
  run_.Find(FailureClass::kDuplicate, "late");
  run_.Fail(FailureClass::kReadTimeout, "second");
  run_.NotTested("third");
  EXPECT_TRUE(run_.Recall(0).empty());
  const Observation seen = run_.Finish();
  EXPECT_EQ(Summary(seen), "fail tls_timeout at tls");
  EXPECT_EQ(seen.failure->detail, "first");
  EXPECT_EQ(seen.took, absl::ZeroDuration());
  EXPECT_EQ(StepsText(seen), "tls");
  EXPECT_EQ(AllText(seen).find("late"), std::string::npos);
}

TEST_F(StepRecorderTest, BlotsASecretInEveryForm) {
  const std::string secret = "p@ss w\xc3\xb6rd/42";
  run_.Redact(secret);
  run_.Begin("auth");
  run_.Note("plain " + secret);
  run_.Note("base64 " + absl::Base64Escape(secret));
  run_.Note("sasl " + absl::Base64Escape(std::string("\0probe\0", 7) + secret));
  run_.Note("sasl2 " + absl::Base64Escape(std::string("\0probe1\0", 8) + secret + "xyz"));
  run_.Fact("percent", "p%40ss%20w%C3%B6rd%2F42");
  run_.Fail(FailureClass::kSmtpAuthFailed, "said " + secret,
            Reply{535, "5.7.8", "you sent " + secret, "rule"});
  const Observation seen = run_.Finish();
  ExpectNoSecret(seen, secret);
  EXPECT_EQ(seen.evidence.transcript[0], "plain [redacted]");
  EXPECT_EQ(seen.evidence.facts.at("percent"), "[redacted]");
  EXPECT_EQ(seen.failure->detail, "said [redacted]");
  EXPECT_EQ(seen.failure->reply->text, "you sent [redacted]");
}

TEST_F(StepRecorderTest, ACutNeverLeavesHalfASecret) {
  const std::string secret(40, 'k');
  run_.Redact(secret);
  run_.Note(std::string(kMaxTranscriptLineBytes - 10, '.') + secret);
  const Observation seen = run_.Finish();
  EXPECT_EQ(seen.evidence.transcript[0],
            std::string(kMaxTranscriptLineBytes - 10, '.') + "[redacted]");
}

TEST_F(StepRecorderTest, ReplacesControlCharactersAndBadUtf8) {
  run_.Note("a\r\nb\x1b[31mc\x7f \xc2\x9b \xff\xc0\xaf \xe2\x82\xac");
  const Observation seen = run_.Finish();
  EXPECT_EQ(seen.evidence.transcript[0], "a  b [31mc    ??? \xe2\x82\xac");
}

TEST_F(StepRecorderTest, BoundsEverything) {
  for (int i = 0; i < 200; ++i) {
    const std::string text = std::to_string(i);
    run_.Begin(text);
    run_.Touch({"site", text});
    run_.Note(std::string(1000, 'x'));
    run_.Fact(text, std::string(1000, 'x'));
    run_.Find(FailureClass::kDuplicate, std::string(5000, 'x'));
  }
  const Observation seen = run_.Finish();
  EXPECT_EQ(seen.steps.size(), kMaxSteps);
  EXPECT_EQ(seen.touched.size(), kMaxTouched);
  EXPECT_EQ(seen.evidence.transcript.size(), kMaxTranscriptLines);
  EXPECT_EQ(seen.evidence.transcript[0].size(), kMaxTranscriptLineBytes);
  EXPECT_EQ(seen.evidence.facts.size(), kMaxFacts);
  EXPECT_EQ(seen.evidence.facts.at("0").size(), kMaxFactBytes);
  EXPECT_EQ(seen.findings.size(), kMaxFindings);
  EXPECT_EQ(seen.findings[0].detail.size(), kMaxDetailBytes);
}

TEST_F(StepRecorderTest, AFindingCanBecomeTheFailure) {
  run_.Begin("connect");
  run_.Find(FailureClass::kTcpRefused, "first");
  run_.Begin("banner");
  run_.Find(FailureClass::kReadTimeout, "second");
  run_.Promote(2);  // there is none
  EXPECT_FALSE(run_.decided());
  run_.Promote(0);
  run_.Promote(0);
  const Observation seen = run_.Finish();
  EXPECT_EQ(Summary(seen), "fail tcp_refused at connect");
  EXPECT_EQ(FindingsText(seen), "read_timeout");
}

TEST_F(StepRecorderTest, RecallTakesBackOnlyWhatWasNew) {
  run_.Touch({"provider", "alpha"});
  const size_t mark = run_.touched_count();
  run_.Touch({"provider", "alpha"});
  run_.Touch({"site", "192.0.2.1"});
  EXPECT_THAT(run_.Recall(mark), ElementsAre(ComponentRef{"site", "192.0.2.1"}));
  EXPECT_EQ(TouchedText(run_.Finish()), "provider:alpha");
}

}  // namespace
}  // namespace postwatch::agent
