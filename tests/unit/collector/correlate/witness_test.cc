// Timelines of faults of the fleet itself: none of them may page.
#include "collector/correlate/witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

TEST(WitnessTest, OneAgentCutOffIsSilentAndDoesNotPage) {
  Timeline t;
  t.Watch("alpha");
  t.CutOff("eu", 60, 1e9);
  t.Play(150);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Open(), "agent:eu");
  EXPECT_EQ(t.correlator().MaskReason("eu"), "silent");
  EXPECT_EQ(t.correlator().MaskReason("us"), "");
  EXPECT_THAT(t.Find("agent:eu").verdict.explanation, HasSubstr("Agent eu (eu) silent since"));
  EXPECT_THAT(t.Find("agent:eu").verdict.explanation, HasSubstr("does not mean down"));
  EXPECT_EQ(t.Find("agent:eu").verdict.klass, FailureClass::kAgentNoNetwork);
}

TEST(WitnessTest, AForgottenAgentIsNotMissed) {
  Timeline t;
  t.Watch("alpha");
  t.CutOff("eu", 60, 1e9);
  t.Play(200);
  EXPECT_EQ(t.Open(), "agent:eu") << t.log();
  EXPECT_EQ(t.correlator().MaskReason("eu"), "silent");
  t.correlator().ForgetAgent("eu");
  t.Play(240);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.correlator().MaskReason("eu"), "");
  EXPECT_EQ(t.Pages(), "");
}

TEST(WitnessTest, BacklogOfACutOffRegionExplainsItAndDoesNotPage) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.CutOff("eu", 60, 200);
  t.Fails("", FailureClass::kTcpTimeout).From(60).To(200).At({"eu"});
  t.Fails("witness", FailureClass::kAgentNoNetwork).From(60).To(200).At({"eu"});
  t.Play(400);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Quiet(), "agent:eu") << t.log();
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_THAT(t.Find("agent:eu").history.back().text, HasSubstr("its witness failed from"));
}

// Two of three regions are cut off at once and report the same failures afterwards.
TEST(WitnessTest, BacklogsOfTwoRegionsDoNotPage) {
  Timeline t;
  t.Watch("alpha");
  t.CutOff("eu", 60, 200);
  t.CutOff("us", 60, 200);
  t.Fails("alpha/", FailureClass::kTcpTimeout).From(60).To(200).At({"eu", "us"});
  t.Play(400);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

TEST(WitnessTest, RegionWithoutInternetIsLocal) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("", FailureClass::kTcpTimeout).From(60).To(200).At({"eu"});
  t.Fails("witness", FailureClass::kAgentNoNetwork).From(60).To(200).At({"eu"});
  t.Play(150);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Open(), "agent:eu") << t.log();
  EXPECT_EQ(t.correlator().MaskReason("eu"), "witness failing: agent_no_network");
  EXPECT_EQ(t.Find("agent:eu").verdict.klass, FailureClass::kAgentNoNetwork);
  t.Play(300);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.Quiet(), "agent:eu") << t.log();
}

TEST(WitnessTest, DeadResolverOfOneRegionIsNamed) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  for (const char* target : {"alpha/", "beta/"}) {
    t.Fails(target, FailureClass::kDnsTimeout).From(60).At({"eu"});
  }
  t.Play(200);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Open(), "resolver:10.0.0.2:53") << t.log();
}

TEST(WitnessTest, DeadResolverThatTheWitnessReportsIsNamed) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/", FailureClass::kDnsTimeout).From(60).At({"eu"});
  t.Fails("witness", FailureClass::kAgentResolverDown).From(60).At({"eu"});
  t.Play(200);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Open(), "resolver:10.0.0.2:53") << t.log();
}

TEST(WitnessTest, DeadPathOfOneRegionToOneProviderIsLocal) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  for (const char* check : {"alpha/smtp", "alpha/imap", "alpha/roundtrip"}) {
    t.Fails(check, FailureClass::kTcpTimeout).From(60).To(200).At({"eu"});
  }
  t.Play(150);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Open(), "path:as-eu>alpha") << t.log();
  EXPECT_EQ(t.Find("path:as-eu>alpha").verdict.level, VerdictLevel::kLocal);
  EXPECT_EQ(t.Find("path:as-eu>alpha").verdict.provider, "alpha");
  EXPECT_EQ(t.correlator().MaskReason("eu"), "");
  t.Play(320);
  EXPECT_EQ(t.Open(), "") << t.log();
}

TEST(WitnessTest, AgentThatAloneSeesEverythingFailIsBlamed) {
  Timeline t;
  for (const char* provider : {"alpha", "beta", "gamma"}) {
    t.Watch(provider);
    t.Fails(std::string(provider) + "/", FailureClass::kTcpTimeout).From(60).At({"eu"});
  }
  t.Play(150);
  EXPECT_EQ(t.Pages(), "") << t.log();
  // It is the only one of its network.
  EXPECT_THAT(t.Open(), AnyOf("agent:eu", "isp:as-eu")) << t.log();
}

// It fails everything all the time; a single blip elsewhere must not make a quorum with it.
TEST(WitnessTest, LyingAgentCannotOpen) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/", FailureClass::kTcpTimeout).From(0).At({"eu"});
  t.Play(200);
  t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(200).To(211).At({"us"});
  t.Play(400);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

TEST(WitnessTest, LyingAgentCannotSuppress) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(60).To(300).At({"us", "ap"});
  t.Play(250);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  t.Play(420);
  EXPECT_EQ(t.Open(), "") << t.log();
}

TEST(WitnessTest, SilentMajorityIsReportedAsTooLittleVisibility) {
  Timeline t;
  t.Watch("alpha");
  t.CutOff("eu", 60, 200);
  t.CutOff("us", 60, 200);
  t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(60).To(200).At({"ap"});
  t.Play(190);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Find("fleet:visibility").state, IncidentState::kOpen);
  EXPECT_EQ(t.Find("fleet:visibility").verdict.level, VerdictLevel::kInsufficientVisibility);
  t.Play(300);
  EXPECT_EQ(t.Open(), "") << t.log();
}

TEST(WitnessTest, GreylistingAndThrottlingOfOneNetworkAreNoOutage) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/smtp.mx", FailureClass::kSmtpGreylisted).From(60);
  t.Fails("alpha/smtp.submit", FailureClass::kSmtpThrottledTemp).From(60).At({"eu"});
  t.Play(300);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

TEST(WitnessTest, BlockedPort25ExcusesOnlyInboundChecks) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("witness", FailureClass::kAgentPort25Blocked).From(30).At({"eu", "us"});
  t.Fails("alpha/smtp.mx", FailureClass::kTcpTimeout).From(30).At({"eu", "us"});
  t.Play(120);
  EXPECT_EQ(t.Pages(), "") << t.log();
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(120);
  t.Play(180);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
}

}  // namespace
}  // namespace postwatch::collector
