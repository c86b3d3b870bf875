#include "agent/uplink/spool.h"

#include <gtest/gtest.h>

#include "common/base/ids.h"
#include "tests/support/fake_clock.h"

namespace postwatch::agent {
namespace {

Observation MakeObservation(const std::string& check) {
  Observation o;
  o.id = RandomId();
  o.check_id = check;
  o.kind = "smtp.mx";
  o.target = "alpha.test";
  return o;
}

std::vector<std::string> Checks(const v1::ObservationBatch& batch) {
  std::vector<std::string> ids;
  for (const v1::Observation& o : batch.observations()) ids.push_back(o.check_id());
  return ids;
}

using Names = std::vector<std::string>;

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open(SpoolOptions options = {}) {
    absl::StatusOr<std::unique_ptr<Spool>> spool = Spool::Open(":memory:", options, clock_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return *std::move(spool);
  }

  FakeClock clock_;
};

TEST_F(SpoolTest, NumbersGoUpAndBatchesHaveNoGaps) {
  const auto spool = Open();
  EXPECT_EQ(spool->last_sequence(), 0u);
  EXPECT_EQ(*spool->Append({MakeObservation("a"), MakeObservation("b")}), 2u);
  EXPECT_EQ(*spool->Append({MakeObservation("c")}), 3u);
  const auto batch = spool->Read(1, 64);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->first_sequence(), 1u);
  EXPECT_EQ(Checks(*batch), (Names{"a", "b", "c"}));
  EXPECT_EQ(Checks(*spool->Read(1, 2)), (Names{"a", "b"}));
  EXPECT_EQ(Checks(*spool->Read(3, 2)), (Names{"c"}));
  EXPECT_EQ(spool->Read(4, 2)->observations_size(), 0);
}

TEST_F(SpoolTest, ForgetsWhatIsAcknowledgedAndNeverReusesNumbers) {
  const auto spool = Open();
  ASSERT_TRUE(spool->Append({MakeObservation("a"), MakeObservation("b")}).ok());
  EXPECT_GT(spool->bytes(), 0u);
  EXPECT_EQ(spool->oldest(), clock_.Now());
  ASSERT_TRUE(spool->Forget(2).ok());
  EXPECT_EQ(spool->count(), 0u);
  EXPECT_EQ(spool->bytes(), 0u);
  EXPECT_EQ(spool->oldest(), absl::InfiniteFuture());
  EXPECT_EQ(*spool->Append({MakeObservation("c")}), 3u);
  EXPECT_EQ(spool->Read(1, 64)->first_sequence(), 3u);
  EXPECT_EQ(spool->dropped(), 0u);
}

TEST_F(SpoolTest, ForgettingTwiceOrTooMuchIsHarmless) {
  const auto spool = Open();
  ASSERT_TRUE(spool->Append({MakeObservation("a")}).ok());
  EXPECT_TRUE(spool->Forget(99).ok());
  EXPECT_TRUE(spool->Forget(99).ok());
  EXPECT_EQ(spool->count(), 0u);
  EXPECT_EQ(*spool->Append({MakeObservation("b")}), 2u);
}

TEST_F(SpoolTest, OverItsBytesItDropsTheOldestAndCounts) {
  const auto probe = Open();
  ASSERT_TRUE(probe->Append({MakeObservation("x")}).ok());
  const auto one = static_cast<int64_t>(probe->bytes());
  const auto spool = Open({.max_bytes = one * 100});
  for (int i = 0; i < 101; ++i) ASSERT_TRUE(spool->Append({MakeObservation("x")}).ok());
  EXPECT_EQ(spool->count(), 37u);  // 64 go at once
  EXPECT_EQ(spool->dropped(), 64u);
  EXPECT_EQ(spool->bytes(), static_cast<uint64_t>(one) * 37);
  EXPECT_EQ(spool->Read(1, 1)->first_sequence(), 65u);
}

TEST_F(SpoolTest, OverItsAgeItDropsTheOldestAndCounts) {
  const auto spool = Open({.max_age = absl::Hours(1)});
  ASSERT_TRUE(spool->Append({MakeObservation("old")}).ok());
  clock_.Advance(absl::Minutes(40));
  ASSERT_TRUE(spool->Append({MakeObservation("young")}).ok());
  clock_.Advance(absl::Minutes(21));
  ASSERT_TRUE(spool->Expire().ok());
  EXPECT_EQ(Checks(*spool->Read(1, 64)), Names{"young"});
  EXPECT_EQ(spool->dropped(), 1u);
  EXPECT_EQ(spool->oldest(), clock_.Now() - absl::Minutes(21));
}

TEST_F(SpoolTest, ARefusedOneIsDroppedAndCounted) {
  const auto spool = Open();
  ASSERT_TRUE(spool->Append({MakeObservation("a"), MakeObservation("b")}).ok());
  ASSERT_TRUE(spool->Refuse(1).ok());
  EXPECT_EQ(spool->dropped(), 1u);
  EXPECT_EQ(Checks(*spool->Read(1, 64)), Names{"b"});
}

TEST_F(SpoolTest, WhatTheCollectorWouldRefuseIsNotTaken) {
  const auto spool = Open();
  Observation bad = MakeObservation("a");
  bad.id = "not an id";
  const auto appended = spool->Append({MakeObservation("b"), bad});
  EXPECT_EQ(appended.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(spool->count(), 0u);
}

TEST_F(SpoolTest, ABatchIsBoundedInBytes) {
  const auto spool = Open();
  Observation big = MakeObservation("big");
  for (int i = 0; i < 48; ++i) big.evidence.facts[std::to_string(i)] = std::string(512, 'x');
  for (int i = 0; i < 64; ++i) {
    big.id = RandomId();
    ASSERT_TRUE(spool->Append({big}).ok());
  }
  const auto batch = spool->Read(1, 64);
  EXPECT_GT(batch->observations_size(), 30);
  EXPECT_LT(batch->observations_size(), 64);
  EXPECT_LT(batch->ByteSizeLong(), (1u << 20) + 32768);
}

TEST_F(SpoolTest, RenewedIdIsNewAndKeepsWhatWaits) {
  const auto spool = Open();
  ASSERT_TRUE(spool->Append({MakeObservation("a")}).ok());
  const std::string before = spool->id();
  ASSERT_TRUE(spool->RenewId().ok());
  EXPECT_NE(spool->id(), before);
  EXPECT_EQ(spool->id().size(), 32u);
  EXPECT_EQ(spool->count(), 1u);
}

}  // namespace
}  // namespace postwatch::agent
