#include "collector/correlate/evidence.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

absl::Time At(double second) { return kStart + absl::Seconds(second); }

struct Seen {
  double began = 0, received = 0;
  std::string id = "1";
  FailureClass klass = FailureClass::kUnspecified;  // kUnspecified: passed
  std::string amends = "";
};

Sighting MakeSighting(const Seen& seen) {
  Sighting sighting{.vantage = {.agent = "eu", .region = "eu", .network = "as1"},
                    .provider = "alpha",
                    .leg = Leg::kDelivery,
                    .received = At(seen.received)};
  Observation& o = sighting.observation;
  o.id = seen.id;
  o.check_id = "alpha/roundtrip";
  o.kind = "roundtrip";
  o.target = "alpha.test";
  o.started = At(seen.began);
  o.took = absl::Seconds(1);
  o.amends = seen.amends;
  if (seen.klass != FailureClass::kUnspecified) {
    o.outcome = Outcome::kFail;
    o.failure = Failure{.klass = seen.klass, .step = "fetch"};
  }
  return sighting;
}

const Cell& OnlyCell(const Evidence& evidence) {
  EXPECT_EQ(evidence.cells().size(), 1u);
  return evidence.cells().begin()->second;
}

TEST(EvidenceTest, KeepsEventOrderWhateverTheOrderOfArrival) {
  Evidence evidence(absl::Minutes(10));
  evidence.File(MakeSighting({.began = 30, .received = 31, .id = "b"}), At(31));
  evidence.File(MakeSighting({.began = 10, .received = 32, .id = "a"}), At(32));
  const Cell& cell = OnlyCell(evidence);
  ASSERT_EQ(cell.records.size(), 2u);
  EXPECT_EQ(cell.records[0].id, "a");
  EXPECT_EQ(cell.Latest()->id, "b");
}

TEST(EvidenceTest, IgnoresDuplicatesAndRunsThatTestedNothing) {
  Evidence evidence(absl::Minutes(10));
  const Sighting first = MakeSighting({.began = 10, .received = 11});
  EXPECT_EQ(evidence.File(first, At(11)), Evidence::Filed::kPass);
  EXPECT_EQ(evidence.File(first, At(11)), Evidence::Filed::kIgnored);
  Sighting untested = MakeSighting({.began = 20, .received = 21, .id = "2"});
  untested.observation.outcome = Outcome::kNotTested;
  EXPECT_EQ(evidence.File(untested, At(21)), Evidence::Filed::kIgnored);
  EXPECT_EQ(OnlyCell(evidence).records.size(), 1u);
}

TEST(EvidenceTest, TakesTheAgentsClockFromItsQuickestReport) {
  Evidence evidence(absl::Minutes(10));
  // The agent's clock is 100 s ahead; the first report was held up for 40 s.
  evidence.File(MakeSighting({.began = 100, .received = 41, .id = "a"}), At(41));
  evidence.File(MakeSighting({.began = 150, .received = 51, .id = "b"}), At(51));
  const Cell& cell = OnlyCell(evidence);
  EXPECT_EQ(cell.records[0].ended, At(1));
  EXPECT_EQ(cell.records[1].ended, At(51));
}

TEST(EvidenceTest, ALetterThatCameLateIsNoFailureAndNoPass) {
  Evidence evidence(absl::Minutes(10));
  evidence.File(
      MakeSighting({.began = 10, .received = 11, .klass = FailureClass::kDeliveryDelayed}), At(11));
  const Seen late{
      .began = 60, .received = 61, .id = "2", .klass = FailureClass::kDeliveredLate, .amends = "1"};
  EXPECT_EQ(evidence.File(MakeSighting(late), At(61)), Evidence::Filed::kAmended);
  EXPECT_EQ(OnlyCell(evidence).records.size(), 1u);
  EXPECT_EQ(OnlyCell(evidence).Latest(), nullptr);
}

TEST(EvidenceTest, ADelayedLetterThatIsLostStaysAFailure) {
  Evidence evidence(absl::Minutes(10));
  evidence.File(
      MakeSighting({.began = 10, .received = 11, .klass = FailureClass::kDeliveryDelayed}), At(11));
  const Seen lost{
      .began = 60, .received = 61, .id = "2", .klass = FailureClass::kDeliveryLost, .amends = "1"};
  EXPECT_EQ(evidence.File(MakeSighting(lost), At(61)), Evidence::Filed::kAmended);
  ASSERT_NE(OnlyCell(evidence).Latest(), nullptr);
  EXPECT_EQ(OnlyCell(evidence).Latest()->klass, FailureClass::kDeliveryLost);
}

TEST(EvidenceTest, AnAmendmentOfSomethingUnknownIsNoEvidence) {
  Evidence evidence(absl::Minutes(10));
  const Seen late{.began = 60,
                  .received = 61,
                  .id = "2",
                  .klass = FailureClass::kDeliveredLate,
                  .amends = "gone"};
  EXPECT_EQ(evidence.File(MakeSighting(late), At(61)), Evidence::Filed::kIgnored);
  EXPECT_TRUE(evidence.cells().empty());
}

TEST(EvidenceTest, ForgetsWhatIsOlderThanTheWindow) {
  Evidence evidence(absl::Minutes(10));
  evidence.File(MakeSighting({.began = 10, .received = 11}), At(11));
  evidence.Expire(At(600));
  EXPECT_EQ(evidence.cells().size(), 1u);
  evidence.Expire(At(620));
  EXPECT_TRUE(evidence.cells().empty());
}

TEST(EvidenceTest, KeepsABoundedNumberOfRunsOfACheck) {
  Evidence evidence(absl::Minutes(10));
  for (int i = 0; i < 200; ++i) {
    const Seen seen{.began = i * 1.0, .received = i + 1.0, .id = Concat("run-", i)};
    evidence.File(MakeSighting(seen), At(i + 1));
  }
  EXPECT_EQ(OnlyCell(evidence).records.size(), 64u);
  EXPECT_EQ(OnlyCell(evidence).Latest()->id, "run-199");
}

TEST(EvidenceTest, ChecksOutsideThePlanAreNotTaken) {
  Evidence evidence(absl::Minutes(10));
  evidence.SetPlan({});
  EXPECT_EQ(evidence.File(MakeSighting({.began = 10, .received = 11}), At(11)),
            Evidence::Filed::kIgnored);
}

}  // namespace
}  // namespace postwatch::collector
