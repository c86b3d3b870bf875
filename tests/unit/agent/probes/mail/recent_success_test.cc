#include "agent/probes/mail/recent_success.h"

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class RecentSuccessTest : public ProbeFixture {
 protected:
  // What is made of this fault, and whether the fact was set.
  std::pair<std::string, bool> Weigh(FailureClass klass, const std::string& what) {
    StepRecorder run(spec_, clock_);
    const ProbeDeps deps = Deps();
    const RunContext context{deps, spec_, run};
    Fault fault{klass, "refused", std::nullopt};
    accepted_.Weigh(context, what, fault);
    return {fault.detail, run.Finish().evidence.facts.contains("contradicts_history")};
  }
  void Accept(const std::string& what) {
    StepRecorder run(spec_, clock_);
    const ProbeDeps deps = Deps();
    accepted_.Note({deps, spec_, run}, what);
  }

  const CheckSpec spec_ = Spec("smtp.mx", Settings::Map());
  RecentSuccess accepted_;
};

TEST_F(RecentSuccessTest, ADenialOfWhatWorkedWithinADayIsMarked) {
  const FailureClass unknown = FailureClass::kSmtpMailboxUnknownPerm;
  EXPECT_EQ(Weigh(unknown, "a@alpha.test"), std::pair(std::string("refused"), false));
  Accept("a@alpha.test");
  clock_.Advance(absl::Hours(23));
  EXPECT_EQ(Weigh(unknown, "a@alpha.test"),
            std::pair(std::string("refused; a@alpha.test was accepted at 2026-11-02T12:00:00Z, so "
                                  "that the server is likelier at fault than the address or the "
                                  "credential"),
                      true));
  EXPECT_FALSE(Weigh(unknown, "b@alpha.test").second);
  EXPECT_FALSE(Weigh(FailureClass::kSmtpServerTemp, "a@alpha.test").second);
  EXPECT_TRUE(Weigh(FailureClass::kImapAuthFailed, "a@alpha.test").second);
  clock_.Advance(absl::Hours(2));
  EXPECT_FALSE(Weigh(unknown, "a@alpha.test").second);
}

TEST_F(RecentSuccessTest, TheOldestIsForgottenFirst) {
  for (int i = 0; i < 65; ++i) {
    Accept(Concat("m", i, "@alpha.test"));
    clock_.Advance(absl::Seconds(1));
  }
  const FailureClass unknown = FailureClass::kSmtpMailboxUnknownPerm;
  EXPECT_FALSE(Weigh(unknown, "m0@alpha.test").second);
  EXPECT_TRUE(Weigh(unknown, "m1@alpha.test").second);
  EXPECT_TRUE(Weigh(unknown, "m64@alpha.test").second);
}

TEST_F(RecentSuccessTest, ARefusedMailboxThatWasTakenBeforeContradictsHistory) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
  resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  const CheckSpec spec = Spec("smtp.mx", Keys({{"rcpt", Text("probe@alpha.test")}}));
  const std::unique_ptr<Probe> probe = Make(spec);
  const std::string envelope =
      "S: 220 mx\nC: EHLO agent.example.net\nS: 250 mx\nC: MAIL FROM:<>\nS: 250 ok\n"
      "C: RCPT TO:<probe@alpha.test>\n";
  const std::string refused = Concat(envelope, "S: 550 5.1.1 User unknown\n");
  scripted_.AddFor("192.0.2.1:25", refused);
  const Observation never = RunAll(*probe, spec).front();
  EXPECT_EQ(Summary(never), "fail smtp_mailbox_unknown_perm at rcpt");
  EXPECT_FALSE(never.evidence.facts.contains("contradicts_history"));
  scripted_.AddFor("192.0.2.1:25",
                   Concat(envelope, "S: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n"));
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  scripted_.AddFor("192.0.2.1:25", refused);
  const Observation seen = RunAll(*probe, spec).front();
  EXPECT_EQ(seen.evidence.facts.at("contradicts_history"), "true");
  EXPECT_NE(seen.failure->detail.find("was accepted at"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::agent
