#include <gmock/gmock.h>

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

TEST_F(WitnessTest, TellsTheFamiliesOfAnchorsApart) {
  scripted_.AddFor("192.0.2.1:443", "");
  scripted_.AddFor("192.0.2.2:443", "");
  scripted_.AddFailureFor("[2001:db8::3]:443", NetError::kUnreachable);
  resolver_.On("example.net", RrType::kA, NoDataReply());
  const Observation seen = Run(Witness());
  EXPECT_EQ(seen.evidence.facts.at("anchors.v4"), "2/2");
  EXPECT_EQ(seen.evidence.facts.at("anchors.v6"), "0/1");
}

TEST_F(WitnessTest, AResolverWithAnAddressForEveryNameIsFound) {
  AllAnchorsAnswer();
  resolver_.On("example.net", RrType::kA, AddressReply({"192.0.2.80"}));
  resolver_.Otherwise(AddressReply({"198.51.100.1"}));
  const Observation seen = Run(Witness());
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dns_hijack");
  EXPECT_THAT(seen.findings[0].detail,
              ::testing::HasSubstr("192.0.2.53:53 has the address 198.51.100.1 for postwatch-"));
}

TEST_F(WitnessTest, ANameThatThereIsNotIsAskedAnewEachTime) {
  resolver_.On("example.net", RrType::kA, AddressReply({"192.0.2.80"}));
  resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
  for (int run = 0; run < 2; ++run) {
    AllAnchorsAnswer();
    EXPECT_EQ(FindingsText(Run(Witness())), "");
  }
  ASSERT_EQ(resolver_.asked().size(), 4u);
  EXPECT_NE(resolver_.asked()[1].name, resolver_.asked()[3].name);
}

class TrustTest : public WitnessTest {
 protected:
  TrustTest() {
    resolver_.On("example.net", RrType::kA, NoDataReply());
    resolver_.On("www.one.test", RrType::kA, AddressReply({"192.0.2.81"}));
    resolver_.On("www.two.test", RrType::kA, NoDataReply());
    resolver_.On("www.two.test", RrType::kAaaa, AddressReply({"2001:db8::82"}));
  }
  Observation RunTrust() {
    CheckSpec spec = Witness();
    spec.settings.Set("trust", Texts({"www.one.test", "www.two.test"}));
    AllAnchorsAnswer();
    return Run(spec);
  }
};

TEST_F(TrustTest, OneHostThatVerifiesProvesTheStore) {
  scripted_.AddFor("192.0.2.81:443", "C! starttls untrusted-root\n");
  scripted_.AddFor("[2001:db8::82]:443", "C! starttls\n");
  const Observation seen = RunTrust();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "anchors resolver load clock trust");
}

TEST_F(TrustTest, WhenNoneVerifiesTheStoreIsStale) {
  scripted_.AddFor("192.0.2.81:443", "C! starttls untrusted-root\n");
  scripted_.AddFor("[2001:db8::82]:443", "C! starttls untrusted-chain\n");
  const Observation seen = RunTrust();
  EXPECT_EQ(Summary(seen), "fail agent_trust_store_stale at trust");
  EXPECT_THAT(seen.failure->detail, ::testing::HasSubstr("www.one.test ("));
  EXPECT_THAT(seen.failure->detail, ::testing::HasSubstr("www.two.test ("));
}

TEST_F(TrustTest, ACertificateForAnotherNameProvesTheStoreToo) {
  scripted_.AddFor("192.0.2.81:443", "C! starttls untrusted-name\n");
  EXPECT_EQ(Summary(RunTrust()), "pass");
}

TEST_F(TrustTest, HostsThatAreNotReachedSayNothing) {
  scripted_.AddFailureFor("192.0.2.81:443", NetError::kTimeout);
  scripted_.AddFor("[2001:db8::82]:443", "C! starttls reset\n");
  EXPECT_EQ(Summary(RunTrust()), "pass");
}

}  // namespace
}  // namespace postwatch::agent
