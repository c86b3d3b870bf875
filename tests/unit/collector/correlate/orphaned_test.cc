#include "collector/correlate/orphaned.h"

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

constexpr char kGone[] = "resolved: what failed is not checked any more";

TEST(OrphanedTest, ATargetThatIsTakenOutEndsItsIncidentForGood) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60);
  t.Play(150);
  ASSERT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  t.Unwatch("alpha/");
  t.Play(160);
  EXPECT_EQ(t.Find("svc:alpha/imap").state, IncidentState::kResolved) << t.log();
  EXPECT_EQ(t.Find("svc:alpha/imap").history.back().text, kGone);
  t.Play(400);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
}

TEST(OrphanedTest, ACheckThatIsTurnedOffDoesSoToo) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60);
  t.Play(150);
  ASSERT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  t.Unwatch("alpha/imap");
  t.Play(160);
  EXPECT_EQ(t.Find("svc:alpha/imap").history.back().text, kGone) << t.log();
}

TEST(OrphanedTest, WhatAnotherCheckStillSeesGoesOn) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/", FailureClass::kTcpTimeout).From(60);
  t.Play(150);
  const std::string open = t.Open();
  ASSERT_NE(open, "") << t.log();
  t.Unwatch("alpha/roundtrip");
  t.Play(200);
  EXPECT_EQ(t.Open(), open) << t.log();
}

TEST(OrphanedTest, AfterARestartItGoesByTheTargets) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60);
  t.Play(150);
  ASSERT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  t.Unwatch("alpha/");
  t.RestartCollector();
  t.Play(170);
  EXPECT_EQ(t.Find("svc:alpha/imap").history.back().text, kGone) << t.log();
}

}  // namespace
}  // namespace postwatch::collector
