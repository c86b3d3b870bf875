// Timelines of the end of a fault: resolved, back again, flapping.
#include "collector/correlate/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

using ::testing::HasSubstr;

TEST(RecoveryTest, ResolvesSoonAfterTheFirstPasses) {
  Timeline t({.interval = 60});
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(120).To(360);
  t.Play(360);
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  t.Play(445);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_THAT(t.Find("svc:alpha/imap").history.back().text, HasSubstr("passes again from"));
}

TEST(RecoveryTest, DoesNotResolveWhileOneOfTwoRegionsFails) {
  Timeline t({.agents = {{"eu", {"eu", "as-eu"}}, {"us", {"us", "as-us"}}}});
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(120);
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(120).To(300).At({"us"});
  t.Play(290);
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
}

TEST(RecoveryTest, LoneDissenterDoesNotKeepItOpen) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(120);
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(600).At({"us"});
  t.Play(300);
  EXPECT_EQ(t.Find("svc:alpha/imap").state, IncidentState::kResolved) << t.log();
  EXPECT_THAT(t.Find("svc:alpha/imap").history.back().text, HasSubstr("only agent us"));
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.Open(), "path:as-us>alpha") << t.log();
}

TEST(RecoveryTest, SameFaultWithinTenMinutesIsTheSameIncident) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(120);
  t.Play(250);
  EXPECT_EQ(t.Open(), "");
  const std::string id = t.Find("svc:alpha/imap").id;
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(300).To(400);
  t.Play(380);
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.Find("svc:alpha/imap").id, id);
  EXPECT_EQ(t.incident_count(), 1u);
}

TEST(RecoveryTest, SameFaultMuchLaterIsAnotherIncident) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(120);
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(1000).To(1100);
  t.Play(1200);
  EXPECT_EQ(t.incident_count(), 2u) << t.log();
  EXPECT_EQ(t.Open(), "");
}

TEST(RecoveryTest, FlappingServiceIsOneIncidentWithFewPages) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(900).Flapping(40);
  t.Play(900);
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
  EXPECT_LE(t.page_times().size(), 4u) << t.log();
  t.Play(1300);
  EXPECT_EQ(t.Open(), "") << t.log();
}

TEST(RecoveryTest, AgentsThatGoSilentDoNotMakeAnOutageOver) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60);
  for (const char* agent : {"eu", "us", "ap"}) t.CutOff(agent, 120, 1e9);
  t.Play(400);
  EXPECT_EQ(t.Find("svc:alpha/imap").state, IncidentState::kOpen) << t.log();
}

TEST(RecoveryTest, WhatOnlyAForgottenAgentSawIsOver) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(60).At({"us"});
  t.CutOff("us", 200, 1e9);
  t.Play(203);
  EXPECT_EQ(t.Open(), "path:as-us>alpha") << t.log();
  t.correlator().ForgetAgent("us");
  t.Play(240);
  EXPECT_EQ(t.Find("path:as-us>alpha").state, IncidentState::kResolved) << t.log();
  EXPECT_EQ(t.Find("path:as-us>alpha").history.back().text,
            "resolved: all who saw it have left the fleet");
}

}  // namespace
}  // namespace postwatch::collector
