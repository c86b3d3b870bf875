#include "collector/topology/detection_time.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

constexpr double kNoise = 0.01;
enum Share : size_t { kAll, kHalf, kFifth, kTenth, kTwentieth };

PlaneRates MailRate(float per_minute) {
  PlaneRates rates{};
  rates[static_cast<size_t>(Plane::kMail)] = per_minute;
  return rates;
}

// Two failures, then those that come until it has lasted for 25 seconds, 50 where half pass.
TEST(DetectionTimeTest, AHardFaultTakesAsLongAsItMustLast) {
  const DetectionTime time(kNoise);
  EXPECT_NEAR(time.Minutes(Kind::kService, MailRate(60), kAll), 2.0 / 60 + 25.0 / 60, 1e-6);
  EXPECT_NEAR(time.Minutes(Kind::kService, MailRate(60), kHalf), 2.0 / 30 + 50.0 / 60, 1e-6);
}

TEST(DetectionTimeTest, AWeakFaultTakesThresholdOverRateTimesGain) {
  const DetectionTime time(kNoise);
  const double slow = time.Minutes(Kind::kService, MailRate(16), kTenth);
  EXPECT_NEAR(time.Minutes(Kind::kService, MailRate(32), kTenth), slow / 2, 1e-6);
  // 19.1 nats, and about 0.2 for each of 16 runs a minute.
  EXPECT_GT(slow, 4);
  EXPECT_LT(slow, 9);
}

// 15.6 nats, and 4.8 for each run that fails.
TEST(DetectionTimeTest, AHardFaultThatIsSeldomLookedAtTakesThatLongToo) {
  const DetectionTime time(kNoise);
  EXPECT_NEAR(time.Minutes(Kind::kService, MailRate(1), kAll), 15.6 / 4.8, 0.05);
}

TEST(DetectionTimeTest, TheWeakerTheLonger) {
  const DetectionTime time(kNoise);
  for (size_t share = 1; share < kFailingShares.size(); ++share) {
    EXPECT_GT(time.Minutes(Kind::kService, MailRate(20), share),
              time.Minutes(Kind::kService, MailRate(20), share - 1));
  }
}

TEST(DetectionTimeTest, NoiseHidesWeakFaultsOnly) {
  const DetectionTime quiet(0.003), noisy(0.05);
  EXPECT_GT(noisy.Minutes(Kind::kService, MailRate(60), kTwentieth),
            quiet.Minutes(Kind::kService, MailRate(60), kTwentieth) * 2);
  EXPECT_DOUBLE_EQ(noisy.Minutes(Kind::kService, MailRate(60), kAll),
                   quiet.Minutes(Kind::kService, MailRate(60), kAll));
}

TEST(DetectionTimeTest, WhatTheWindowDoesNotHoldIsNotFound) {
  const DetectionTime time(kNoise);
  EXPECT_TRUE(std::isinf(time.Minutes(Kind::kService, MailRate(0.5), kTwentieth)));
  EXPECT_TRUE(std::isinf(time.Minutes(Kind::kService, MailRate(0), kAll)));
  // A queue has no part in a connection.
  EXPECT_TRUE(std::isinf(time.Minutes(Kind::kQueue, MailRate(60), kAll)));
}

TEST(DetectionTimeTest, TheTableHoldsOnlyWhatMayPage) {
  SmallFleet fleet;
  FillTwoSites(fleet);
  fleet.Finish();
  std::vector<Kind> kinds;
  for (const KindTimes& row : TimesByKind(fleet.coverage, fleet.reaches)) {
    kinds.push_back(row.kind);
    for (size_t s = 0; s < kFailingShares.size(); ++s) EXPECT_LE(row.median[s], row.worst[s]);
  }
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::kListed, Kind::kService, Kind::kProvider,
                                      Kind::kCertificate, Kind::kAuth, Kind::kAccount}));
}

}  // namespace
}  // namespace postwatch::collector
