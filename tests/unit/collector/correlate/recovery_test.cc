// The end of a fault: resolved, back again, flapping; by hand, and as timelines.
#include "collector/correlate/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

using ::testing::HasSubstr;

Reading MakeReading(double ended, CellId cell, AgentId agent) {
  return {.began = ended - 1, .ended = ended, .agent = agent, .cell = cell};
}

const AgentEntry kEu = {"a", "eu", "as1"}, kUs = {"b", "us", "as2"};

TEST(RecoveryTest, IsOverAtOnceWhenAllWhoSawItPassedTwiceAndOften) {
  Recovery recovery;
  recovery.TakeFailure(MakeReading(100, 0, 0), kEu);
  recovery.TakeFailure(MakeReading(101, 1, 1), kUs);
  EXPECT_FALSE(recovery.HasSigns());
  EXPECT_EQ(recovery.Unsure(), (std::set<CellId>{0, 1}));
  for (double t = 110; t < 113; t += 1) recovery.TakePass(MakeReading(t, 0, 0), kEu, 0.95);
  EXPECT_TRUE(recovery.HasSigns());
  EXPECT_EQ(recovery.Unsure(), std::set<CellId>{1});
  EXPECT_FALSE(recovery.Judge(114, true, 0).over);
  for (double t = 113; t < 116; t += 1) recovery.TakePass(MakeReading(t, 1, 1), kUs, 0.95);
  const Recovery::Outcome outcome = recovery.Judge(116, true, 0);
  EXPECT_TRUE(outcome.over);
  EXPECT_EQ(outcome.ended, 109);
  EXPECT_EQ(outcome.why, "passes again from eu, us, no failure since 00:01:41Z");
  // Back once before: believed only later.
  EXPECT_FALSE(recovery.Judge(116, true, 1).over);
  EXPECT_FALSE(recovery.Judge(190, true, 1).over);
  EXPECT_TRUE(recovery.Judge(191, true, 1).over);
  recovery.TakeFailure(MakeReading(192, 0, 0), kEu);
  EXPECT_EQ(recovery.Unsure(), std::set<CellId>{0});
}

TEST(RecoveryTest, TheRarerTheFailuresTheMorePassesItTakes) {
  for (const double share : {0.95, 0.3}) {
    Recovery recovery;
    recovery.TakeFailure(MakeReading(100, 0, 0), kEu);
    int passes = 0;
    while (!recovery.Judge(1000, true, 0).over) {
      recovery.TakePass(MakeReading(110 + passes++, 0, 0), kEu, share);
    }
    EXPECT_EQ(passes, share == 0.95 ? 5 : 26);
  }
}

TEST(RecoveryTest, AFailureInBetweenBeginsAnew) {
  Recovery recovery;
  recovery.TakeFailure(MakeReading(100, 0, 0), kEu);
  for (double t = 101; t < 110; t += 1) recovery.TakePass(MakeReading(t, 0, 0), kEu, 0.95);
  recovery.TakeFailure(MakeReading(110, 0, 0), kEu);
  EXPECT_FALSE(recovery.HasSigns());
  EXPECT_FALSE(recovery.Judge(200, true, 0).over);
}

TEST(RecoveryTest, PassesOfThoseWhoNeverSawItTellNothing) {
  Recovery recovery;
  recovery.TakeFailure(MakeReading(100, 0, 0), kEu);
  for (double t = 101; t < 200; t += 1) recovery.TakePass(MakeReading(t, 1, 1), kUs, 0.95);
  EXPECT_FALSE(recovery.HasSigns());
}

TEST(RecoveryTest, OneNetworkThatStillFailsKeepsOnlyALocalFaultOpen) {
  Recovery recovery;
  recovery.TakeFailure(MakeReading(100, 0, 0), kEu);
  recovery.TakeFailure(MakeReading(101, 1, 1), kUs);
  for (double t = 110; t < 180; t += 10) {
    recovery.TakePass(MakeReading(t, 0, 0), kEu, 0.95);
    recovery.TakeFailure(MakeReading(t + 1, 1, 1), kUs);
  }
  EXPECT_FALSE(recovery.Judge(181, false, 0).over);
}

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
  t.Fails("alpha/smtp", FailureClass::kTcpTimeout).From(60).To(600).At({"us"});
  t.Fails("alpha/roundtrip", FailureClass::kTcpTimeout).From(60).To(600).At({"us"});
  t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(60).To(600).At({"us"});
  t.Play(300);
  EXPECT_EQ(t.Find("svc:alpha/imap").state, IncidentState::kResolved) << t.log();
  EXPECT_THAT(t.Find("svc:alpha/imap").history.back().text, HasSubstr("only agent us"));
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.Open(), "path:as-us>alpha") << t.log();
}

TEST(RecoveryTest, SameFaultSoonAfterIsTheSameIncident) {
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
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(1500).To(1600);
  t.Play(1700);
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
  for (const char* check : {"alpha/smtp", "alpha/imap", "alpha/roundtrip"}) {
    t.Fails(check, FailureClass::kTcpTimeout).From(60).At({"us"});
  }
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
