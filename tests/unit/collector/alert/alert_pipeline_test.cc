#include "collector/alert/alert_pipeline.h"

#include <gtest/gtest.h>

#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

using Words = std::vector<std::string>;

// "inc-0123456789ab/1/mail opened" each.
Words Said(const std::vector<Delivery>& deliveries) {
  Words words;
  for (const Delivery& delivery : deliveries) {
    words.push_back(delivery.id + " " + std::string(AlertEventName(delivery.alert.event)));
  }
  return words;
}

class AlertPipelineTest : public testing::Test {
 protected:
  Words Decide(ChangeKind kind, const Incident& incident) {
    return Said(pipeline.Decide({kind, incident}, now));
  }
  Words TickAfter(absl::Duration passed) {
    now += passed;
    return Said(pipeline.Tick(now));
  }

  absl::Time now = Noon();
  Incident outage = AccessOutage();
  AlertPipeline pipeline{{.reminder_every = absl::Minutes(30), .sinks = {"chat"}}};
};

TEST_F(AlertPipelineTest, OneOpenedGoesToEverySinkWithEverythingItNeeds) {
  AlertPipeline two{{.sinks = {"chat", "pager"}}};
  const std::vector<Delivery> deliveries = two.Decide({ChangeKind::kOpened, outage}, now);
  EXPECT_EQ(Said(deliveries),
            (Words{"inc-0123456789ab/1/chat opened", "inc-0123456789ab/1/pager opened"}));
  ASSERT_EQ(deliveries.size(), 2u);
  EXPECT_EQ(deliveries[1].sink, "pager");
  EXPECT_EQ(deliveries[1].due, now);
  EXPECT_EQ(deliveries[1].attempts, 0);
  EXPECT_EQ(deliveries[1].alert.id, "inc-0123456789ab/1");
  EXPECT_EQ(deliveries[1].alert.dedup_key, "postwatch:inc-0123456789ab");
  EXPECT_EQ(deliveries[1].alert.decided, now);
  EXPECT_EQ(deliveries[1].alert.incident, outage);
}

TEST_F(AlertPipelineTest, WhatShouldWakeNobodyIsNeverSent) {
  outage.alerting = false;
  EXPECT_EQ(Decide(ChangeKind::kOpened, outage), Words{});
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{});
  EXPECT_EQ(Decide(ChangeKind::kResolved, outage), Words{});
  EXPECT_EQ(TickAfter(absl::Hours(5)), Words{});
}

TEST_F(AlertPipelineTest, AnIncidentThatTurnsSeriousIsOpenedThen) {
  outage.alerting = false;
  Decide(ChangeKind::kOpened, outage);
  outage.alerting = true;
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{"inc-0123456789ab/1/chat opened"});
}

TEST_F(AlertPipelineTest, TheSameThingIsSaidOnce) {
  Decide(ChangeKind::kOpened, outage);
  EXPECT_EQ(Decide(ChangeKind::kOpened, outage), Words{});
  outage.verdict.confidence = 0.99;
  outage.verdict.targets = {"alpha.test", "beta.test"};
  outage.verdict.explanation = "now also beta";
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{});
}

TEST_F(AlertPipelineTest, ANewBlameClassGravityOrLevelIsAChange) {
  Decide(ChangeKind::kOpened, outage);
  outage.verdict.component = {"provider", "alpha"};
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{"inc-0123456789ab/2/chat changed"});
  outage.verdict.klass = FailureClass::kTcpTimeout;
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{"inc-0123456789ab/3/chat changed"});
  outage.verdict.severity = Severity::kSev1;
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{"inc-0123456789ab/4/chat changed"});
  outage.verdict.level = VerdictLevel::kInsufficientVisibility;
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{"inc-0123456789ab/5/chat changed"});
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{});
}

TEST_F(AlertPipelineTest, ResolvedIsToldOnlyToThoseWhoHeardOfTheOpening) {
  EXPECT_EQ(Decide(ChangeKind::kResolved, ResolvedOutage()), Words{});
  Decide(ChangeKind::kOpened, outage);
  EXPECT_EQ(Decide(ChangeKind::kResolved, ResolvedOutage()),
            Words{"inc-0123456789ab/2/chat resolved"});
  EXPECT_EQ(TickAfter(absl::Hours(2)), Words{});
}

TEST_F(AlertPipelineTest, OneThatComesBackIsOpenedAgainUnderItsKey) {
  Decide(ChangeKind::kOpened, outage);
  Decide(ChangeKind::kResolved, ResolvedOutage());
  TickAfter(absl::Minutes(9));
  const std::vector<Delivery> again = pipeline.Decide({ChangeKind::kUpdated, outage}, now);
  EXPECT_EQ(Said(again), Words{"inc-0123456789ab/3/chat opened"});
  EXPECT_EQ(again.front().alert.dedup_key, "postwatch:inc-0123456789ab");
}

TEST_F(AlertPipelineTest, WhatIsLongOverIsForgotten) {
  Decide(ChangeKind::kOpened, outage);
  Decide(ChangeKind::kResolved, ResolvedOutage());
  TickAfter(absl::Hours(1));
  EXPECT_EQ(Decide(ChangeKind::kOpened, outage), Words{"inc-0123456789ab/3/chat opened"});
  Decide(ChangeKind::kResolved, ResolvedOutage());
  TickAfter(absl::Hours(1) + absl::Seconds(1));
  EXPECT_EQ(Decide(ChangeKind::kResolved, ResolvedOutage()), Words{});
}

TEST_F(AlertPipelineTest, RemindsOnTimeOfHowItStandsThen) {
  Decide(ChangeKind::kOpened, outage);
  EXPECT_EQ(TickAfter(absl::Minutes(30) - absl::Seconds(1)), Words{});
  outage.verdict.explanation = "worse than it was";
  Decide(ChangeKind::kUpdated, outage);
  now += absl::Seconds(1);
  const std::vector<Delivery> reminder = pipeline.Tick(now);
  EXPECT_EQ(Said(reminder), Words{"inc-0123456789ab/2/chat reminder"});
  ASSERT_EQ(reminder.size(), 1u);
  EXPECT_EQ(reminder[0].alert.incident.verdict.explanation, "worse than it was");
  EXPECT_EQ(TickAfter(absl::Minutes(29)), Words{});
  EXPECT_EQ(TickAfter(absl::Minutes(1)), Words{"inc-0123456789ab/3/chat reminder"});
}

TEST_F(AlertPipelineTest, AChangePutsTheReminderOff) {
  Decide(ChangeKind::kOpened, outage);
  now += absl::Minutes(20);
  outage.verdict.severity = Severity::kSev1;
  Decide(ChangeKind::kUpdated, outage);
  EXPECT_EQ(TickAfter(absl::Minutes(29)), Words{});
  EXPECT_EQ(TickAfter(absl::Minutes(1)), Words{"inc-0123456789ab/3/chat reminder"});
}

TEST_F(AlertPipelineTest, ARestartGoesOnWhereItStopped) {
  pipeline.Restore({AlertOf(outage, AlertEvent::kChanged, 7)});
  EXPECT_EQ(Decide(ChangeKind::kUpdated, outage), Words{});
  EXPECT_EQ(TickAfter(absl::Minutes(30)), Words{"inc-0123456789ab/8/chat reminder"});
  EXPECT_EQ(Decide(ChangeKind::kResolved, ResolvedOutage()),
            Words{"inc-0123456789ab/9/chat resolved"});
}

TEST_F(AlertPipelineTest, IncidentsDoNotMix) {
  Incident other = outage;
  other.id = "inc-ffffffffffff";
  Decide(ChangeKind::kOpened, outage);
  EXPECT_EQ(Decide(ChangeKind::kOpened, other), Words{"inc-ffffffffffff/1/chat opened"});
  Decide(ChangeKind::kResolved, ResolvedOutage());
  EXPECT_EQ(TickAfter(absl::Minutes(30)), Words{"inc-ffffffffffff/2/chat reminder"});
}

}  // namespace
}  // namespace postwatch::collector
