#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class WitnessTest : public ProbeFixture {
 protected:
  CheckSpec Witness() {
    CheckSpec spec =
        Spec("witness",
             Keys({{"anchors", Texts({"192.0.2.1:443", "192.0.2.2:443", "[2001:db8::3]:443"})},
                   {"zone", Text("example.net")}}));
    spec.target = spec.provider = "";
    return spec;
  }
  void AllAnchorsAnswer() {
    for (const char* anchor : {"192.0.2.1:443", "192.0.2.2:443", "[2001:db8::3]:443"}) {
      scripted_.AddFor(anchor, "");
    }
  }
};

TEST_F(WitnessTest, PassesWhenEverythingAnswers) {
  AllAnchorsAnswer();
  resolver_.On("example.net", RrType::kA, AddressReply({"192.0.2.80"}));
  const Observation seen = Run(Witness());
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "anchors resolver load clock");
  EXPECT_EQ(TouchedText(seen),
            "anchor:192.0.2.1:443 anchor:192.0.2.2:443 anchor:[2001:db8::3]:443 "
            "resolver:192.0.2.53:53");
  EXPECT_EQ(seen.evidence.facts.at("anchors.ok"), "3/3");
}

TEST_F(WitnessTest, OneDeadAnchorIsAFindingAndNotJudged) {
  scripted_.AddFor("192.0.2.1:443", "");
  scripted_.AddFailureFor("192.0.2.2:443", NetError::kTimeout);
  scripted_.AddFor("[2001:db8::3]:443", "");
  resolver_.On("example.net", RrType::kA, RcodeReply(Rcode::kNxDomain));
  const Observation seen = Run(Witness());
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tcp_timeout");
  EXPECT_EQ(seen.evidence.facts.at("anchors.ok"), "2/3");
  EXPECT_EQ(TouchedText(seen),
            "anchor:192.0.2.1:443 anchor:[2001:db8::3]:443 resolver:192.0.2.53:53");
}

TEST_F(WitnessTest, AllDeadAnchorsMeanNoNetwork) {
  scripted_.AddFailureFor("192.0.2.1:443", NetError::kTimeout);
  scripted_.AddFailureFor("192.0.2.2:443", NetError::kUnreachable);
  scripted_.AddFailureFor("[2001:db8::3]:443", NetError::kUnreachable);
  const Observation seen = Run(Witness());
  EXPECT_EQ(Summary(seen), "fail agent_no_network at anchors");
  EXPECT_EQ(TouchedText(seen),
            "anchor:192.0.2.1:443 anchor:192.0.2.2:443 anchor:[2001:db8::3]:443");
}

TEST_F(WitnessTest, ADeadResolverIsTheAgents) {
  AllAnchorsAnswer();
  EXPECT_EQ(Summary(Run(Witness())), "fail agent_resolver_down at resolver");
}

TEST_F(WitnessTest, ALateEventLoopIsAnOverload) {
  AllAnchorsAnswer();
  resolver_.On("example.net", RrType::kA, NoDataReply());
  lag_.worst = absl::Milliseconds(1200);
  const Observation seen = Run(Witness());
  EXPECT_EQ(Summary(seen), "fail agent_overloaded at load");
  EXPECT_EQ(seen.failure->detail, "the event loop was 1.2s late, more than 1s");
}

TEST_F(WitnessTest, AJumpOfTheWallClockBetweenRunsIsSeen) {
  resolver_.On("example.net", RrType::kA, NoDataReply());
  const CheckSpec spec = Witness();
  const std::unique_ptr<Probe> probe = Make(spec);
  AllAnchorsAnswer();
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  clock_.Advance(absl::Minutes(1));
  AllAnchorsAnswer();
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  clock_.SetWall(clock_.Now() - absl::Seconds(3));
  AllAnchorsAnswer();
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "fail agent_clock_bad at clock");
  AllAnchorsAnswer();
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
}

TEST_F(WitnessTest, SilenceOnPort25ExcusesTheChecksOfThatPort) {
  CheckSpec spec = Witness();
  spec.settings.Set("port25", Texts({"192.0.2.25", "192.0.2.26"}));
  resolver_.On("example.net", RrType::kA, NoDataReply());
  AllAnchorsAnswer();
  scripted_.AddFailureFor("192.0.2.25:25", NetError::kTimeout);
  scripted_.AddFailureFor("192.0.2.26:25", NetError::kTimeout);
  EXPECT_EQ(Summary(Run(spec)), "fail agent_port25_blocked at port25");
  AllAnchorsAnswer();
  scripted_.AddFailureFor("192.0.2.25:25", NetError::kTimeout);
  scripted_.AddFailureFor("192.0.2.26:25", NetError::kRefused);
  EXPECT_EQ(Summary(Run(spec)), "pass");
}

}  // namespace
}  // namespace postwatch::agent
