#include "collector/store/incident_wire.h"

#include <gtest/gtest.h>

#include "tests/contract/store_samples.h"

namespace postwatch::collector {
namespace {

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(1'700'000'000 + seconds); }

Verdict FullVerdict() {
  Verdict v;
  v.component = {"svc", "own/smtp"};
  v.klass = FailureClass::kSmtpServerTemp;
  v.level = VerdictLevel::kReal;
  v.leg = Leg::kInbound;
  v.severity = Severity::kSev2;
  v.mail_loss = MailLoss::kQueued;
  v.provider = "own";
  v.targets = {"alpha.test", "beta.test"};
  v.targets_hit = 52;
  v.confidence = 0.97;
  v.failing_share = 0.5;
  v.scope = {{"eu-west", 3, 1, 2}};
  v.evidence = {12,      4,         31.5, {"a1", "a2"}, {"AS64500"}, {{"smtp_server_temp", 12}},
                {"id1"}, {"451 no"}};
  v.evidence.bounded = 20.5;
  v.evidence.odds = 9.25;
  v.evidence.share = 0.75;
  v.evidence.reach = 0.5;
  v.evidence.looked = 6;
  v.evidence.against = 2;
  v.evidence.masked = {{"a3", "silent"}};
  v.alternatives = {{{"mx", "mx1.alpha.test"}, 0.02, "a pass at mx1"}};
  v.explanation = "own's SMTP service answers 451";
  return v;
}

Incident FullIncident() {
  return {"inc-0123456789ab",
          IncidentState::kResolved,
          FullVerdict(),
          true,
          At(0),
          At(-40),
          At(300),
          At(150),
          At(301),
          {{At(0), "opened"}},
          "v1.2"};
}

TEST(IncidentWireTest, AnIncidentComesBackAsItWent) {
  absl::StatusOr<Incident> read = ParseIncident(SerializeIncident(FullIncident()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, FullIncident());
}

TEST(IncidentWireTest, AnEmptyIncidentComesBackEmpty) {
  Incident empty;
  empty.opened = absl::InfinitePast();
  absl::StatusOr<Incident> read = ParseIncident(SerializeIncident(empty));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, empty);
  EXPECT_FALSE(read->ended.has_value());
}

TEST(IncidentWireTest, ASightingKeepsTheRevision) {
  Sighting sighting = MakeSighting("a1", 1);
  sighting.revision = "v1.2";
  SightingSerializer serializer;
  const absl::StatusOr<Sighting> read = ParseSighting(serializer.Serialize(sighting));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->revision, "v1.2");
}

TEST(IncidentWireTest, AnAlertComesBackAsItWent) {
  Alert alert{"inc-0123456789ab/reminder/2", AlertEvent::kReminder, "postwatch:inc-0123456789ab",
              FullIncident(), At(60)};
  absl::StatusOr<Alert> read = ParseAlert(SerializeAlert(alert));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->id, alert.id);
  EXPECT_EQ(read->event, AlertEvent::kReminder);
  EXPECT_EQ(read->dedup_key, alert.dedup_key);
  EXPECT_EQ(read->incident, alert.incident);
  EXPECT_EQ(read->decided, At(60));
}

TEST(IncidentWireTest, WhatIsNotTextIsMadeText) {
  Incident incident = FullIncident();
  incident.verdict.evidence.replies = {"550 \xff nein"};
  absl::StatusOr<Incident> read = ParseIncident(SerializeIncident(incident));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->verdict.evidence.replies.front(), "550 ? nein");
}

TEST(IncidentWireTest, OtherBytesAreDataLoss) {
  EXPECT_EQ(ParseIncident("\xff\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseAlert("\xff\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseAgent("\xff\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseSighting("\xff\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseSighting("").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace postwatch::collector
