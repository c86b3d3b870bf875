#include "collector/ingest/intake.h"

#include <gtest/gtest.h>

#include "common/base/ids.h"
#include "common/wire/convert.h"

namespace postwatch::collector {
namespace {

constexpr char kId[] = "0123456789abcdef0123456789abcdef";
using Reasons = std::vector<std::string_view>;

class IntakeTest : public testing::Test {
 protected:
  static std::shared_ptr<const Assignment> MakeChecks() {
    CheckSpec spec;
    spec.id = "alpha.test/smtp.mx";
    spec.kind = "smtp.mx";
    spec.target = "alpha.test";
    spec.provider = "own";
    spec.leg = Leg::kInbound;
    spec.settings = Settings::Map();
    return *MakeAssignment({spec}, "v1.2");
  }

  Observation Pass() const {
    Observation o;
    o.id = kId;
    o.check_id = "alpha.test/smtp.mx";
    o.kind = "smtp.mx";
    o.target = "alpha.test";
    o.started = now;
    return o;
  }

  static v1::ReceivedBatch Batch(uint64_t first, const std::vector<Observation>& observations) {
    v1::ReceivedBatch batch;
    batch.set_first_sequence(first);
    for (const Observation& o : observations) batch.add_observations(SerializeObservation(o));
    return batch;
  }

  // The reasons for which `observation`, sent alone, is refused.
  Reasons Refusals(const Observation& observation) {
    absl::StatusOr<Taken> taken = intake.Take(Batch(next++, {observation}), *assignment, now);
    EXPECT_TRUE(taken.ok()) << taken.status();
    return taken.ok() ? taken->refusals : Reasons();
  }

  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  std::shared_ptr<const Assignment> assignment = MakeChecks();
  Vantage vantage{"a1", "eu-west", "a", "AS64500", "192.0.2.53:53"};
  Intake intake{vantage, "spool-1", 0};
  uint64_t next = 1;
};

TEST_F(IntakeTest, ASightingKnowsWhereItComesFromAndWhatItIsAbout) {
  absl::StatusOr<Taken> taken = intake.Take(Batch(7, {Pass(), Pass()}), *assignment, now);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->refusals, Reasons());
  ASSERT_EQ(taken->sightings.size(), 2u);
  const Sighting& s = taken->sightings[1];
  EXPECT_EQ(s.observation, Pass());
  EXPECT_EQ(s.vantage, vantage);
  EXPECT_EQ(s.provider, "own");
  EXPECT_EQ(s.leg, Leg::kInbound);
  EXPECT_EQ(s.spool_id, "spool-1");
  EXPECT_EQ(s.sequence, 8u);
  EXPECT_EQ(s.received, now);
  EXPECT_EQ(s.revision, "v1.2");
}

TEST_F(IntakeTest, TheBytesGoAlongAsTheyCame) {
  const std::string of_newer_version("\xfa\x7f\x02hi", 5);
  v1::ReceivedBatch batch;
  batch.set_first_sequence(1);
  Observation detailed = Pass();
  detailed.steps = {{"connect", absl::Milliseconds(3)}};
  detailed.evidence.transcript = {"S: 220 hi"};
  detailed.evidence.facts = {{"tls.version", "TLSv1.3"}};
  batch.add_observations(SerializeObservation(detailed) + of_newer_version);
  absl::StatusOr<Taken> taken = intake.Take(batch, *assignment, now);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->sightings[0].observation, Pass());  // without the details
  EXPECT_EQ(taken->sightings[0].wire, batch.observations(0));
  EXPECT_EQ(*ParseObservation(taken->sightings[0].wire), detailed);
}

TEST_F(IntakeTest, WhatIsNoObservationIsRefusedByItself) {
  v1::ReceivedBatch batch = Batch(1, {Pass(), Pass()});
  *batch.mutable_observations(0) = "\xff\xff";
  absl::StatusOr<Taken> taken = intake.Take(batch, *assignment, now);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->refusals, Reasons({refusal::kMalformed}));
  EXPECT_EQ(taken->sightings[0].observation.check_id, "unassigned");
  EXPECT_EQ(taken->sightings[1].observation, Pass());
}

TEST_F(IntakeTest, SequenceNumbersMayLeapButNotGoBack) {
  EXPECT_TRUE(intake.Take(Batch(1, {Pass(), Pass()}), *assignment, now).ok());
  EXPECT_EQ(intake.Take(Batch(2, {Pass()}), *assignment, now).status().message(),
            "batch.first_sequence: 2 goes back behind 2");
  EXPECT_TRUE(intake.Take(Batch(900, {Pass()}), *assignment, now).ok());
  EXPECT_FALSE(intake.Take(Batch(899, {Pass()}), *assignment, now).ok());
}

TEST_F(IntakeTest, WhatIsStoredAlreadyIsNotTakenAgain) {
  Intake later(vantage, "spool-1", 41);
  EXPECT_FALSE(later.Take(Batch(41, {Pass()}), *assignment, now).ok());
  EXPECT_TRUE(later.Take(Batch(42, {Pass()}), *assignment, now).ok());
}

TEST_F(IntakeTest, AbsurdBatchesAreRefusedWhole) {
  for (const v1::ReceivedBatch& bad :
       {Batch(1, {}), Batch(0, {Pass()}), Batch(~uint64_t{0}, {Pass()}),
        Batch(1, std::vector<Observation>(513, Pass()))}) {
    EXPECT_EQ(intake.Take(bad, *assignment, now).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad.first_sequence();
  }
  EXPECT_TRUE(intake.Take(Batch(1, std::vector<Observation>(512, Pass())), *assignment, now).ok());
}

TEST_F(IntakeTest, WhatIsRefusedKeepsItsPlaceAndSaysWhy) {
  Observation future = Pass();
  future.started = now + absl::Hours(2);
  future.outcome = Outcome::kFail;
  future.failure = Failure{FailureClass::kTcpTimeout, "connect", "no answer", std::nullopt};
  absl::StatusOr<Taken> taken = intake.Take(Batch(1, {future, Pass()}), *assignment, now);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->refusals, Reasons({refusal::kFutureDated}));
  const Sighting& s = taken->sightings[0];
  EXPECT_EQ(s.sequence, 1u);
  EXPECT_EQ(s.observation.id, kId);
  EXPECT_EQ(s.observation.check_id, "alpha.test/smtp.mx");
  EXPECT_EQ(s.observation.outcome, Outcome::kNotTested);
  EXPECT_EQ(s.observation.not_tested_reason, "refused: future_dated");
  EXPECT_FALSE(s.observation.failure.has_value());
  EXPECT_EQ(s.observation.started, now);
  EXPECT_EQ(s.wire, "");  // what was sent is not what is believed
  EXPECT_EQ(taken->sightings[1].observation, Pass());
}

TEST_F(IntakeTest, TimesAreHeldAgainstOurClock) {
  Observation o = Pass();
  o.started = now + absl::Minutes(5);
  EXPECT_EQ(Refusals(o), Reasons());
  o.started = now + absl::Minutes(5) + absl::Seconds(1);
  EXPECT_EQ(Refusals(o), Reasons({refusal::kFutureDated}));
  o.started = now - absl::Hours(24 * 7);
  EXPECT_EQ(Refusals(o), Reasons());
  o.started = now - absl::Hours(24 * 7) - absl::Seconds(1);
  EXPECT_EQ(Refusals(o), Reasons({refusal::kTooOld}));
}

TEST_F(IntakeTest, AClockKnownToBeOffIsAllowedForUpToAnHour) {
  Observation o = Pass();
  o.started = now + absl::Minutes(30);
  EXPECT_EQ(Refusals(o), Reasons({refusal::kFutureDated}));
  intake.SetClockOffset(absl::Minutes(30));
  EXPECT_EQ(Refusals(o), Reasons());
  intake.SetClockOffset(absl::Hours(1000));
  o.started = now + absl::Hours(1000);
  EXPECT_EQ(Refusals(o), Reasons({refusal::kFutureDated}));
}

TEST_F(IntakeTest, OnlyAssignedChecksCount) {
  Observation stranger = Pass();
  stranger.check_id = "victim.test/smtp.mx";
  absl::StatusOr<Taken> taken = intake.Take(Batch(next++, {stranger}), *assignment, now);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->refusals, Reasons({refusal::kNotAssigned}));
  EXPECT_EQ(taken->sightings[0].observation.check_id, "unassigned");
  EXPECT_EQ(taken->sightings[0].observation.target, "");
  EXPECT_EQ(taken->sightings[0].leg, Leg::kControl);

  Observation misplaced = Pass();
  misplaced.target = "victim.test";
  EXPECT_EQ(Refusals(misplaced), Reasons({refusal::kOtherCheck}));
  misplaced = Pass();
  misplaced.kind = "imap.login";
  EXPECT_EQ(Refusals(misplaced), Reasons({refusal::kOtherCheck}));
}

TEST_F(IntakeTest, AMalformedObservationGetsAProperId) {
  Observation bad = Pass();
  bad.id = "'; DROP TABLE observations";
  absl::StatusOr<Taken> taken = intake.Take(Batch(1, {bad}), *assignment, now);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->refusals, Reasons({refusal::kMalformed}));
  EXPECT_EQ(taken->sightings[0].observation.id.size(), 32u);
  EXPECT_EQ(taken->sightings[0].observation.check_id, "alpha.test/smtp.mx");
  EXPECT_TRUE(ParseObservation(SerializeObservation(taken->sightings[0].observation)).ok());
}

}  // namespace
}  // namespace postwatch::collector
