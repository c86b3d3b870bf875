#include "collector/correlate/noise.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

constexpr AgentId kSteady = 0, kShaky = 1;
constexpr TargetId kAlpha = 0, kBeta = 1;

TEST(NoiseTest, UnknownIsWhatIsExpectedOfAnybody) {
  EXPECT_DOUBLE_EQ(Noise().RateOf(kSteady, kAlpha), 1.0 / 150);
}

TEST(NoiseTest, ASteadyAgentStaysAboveTheFloorAndAShakyOneBelowTheCeiling) {
  Noise noise;
  for (int i = 0; i < 3000; ++i) {
    noise.Count(kSteady, kAlpha, false);
    noise.Count(kShaky, kBeta, i % 2 == 0);
  }
  EXPECT_DOUBLE_EQ(noise.RateOf(kShaky, kBeta), 0.05);
  Noise calm;
  for (int i = 0; i < 3000; ++i) calm.Count(kSteady, kAlpha, false);
  EXPECT_DOUBLE_EQ(calm.RateOf(kSteady, kAlpha), 0.003);
}

TEST(NoiseTest, AnAgentsFailuresAreItsOwnAndATargetsArePartlyEverybodys) {
  Noise noise;
  for (int i = 0; i < 1000; ++i) {
    noise.Count(kSteady, kAlpha, false);
    noise.Count(kShaky, kBeta, i % 50 == 0);
  }
  EXPECT_LT(noise.RateOf(kSteady, kAlpha), noise.RateOf(kSteady, kBeta));
  EXPECT_LT(noise.RateOf(kSteady, kBeta), noise.RateOf(kShaky, kBeta));
}

TEST(NoiseTest, ThePastFades) {
  Noise noise;
  for (int i = 0; i < 1000; ++i) noise.Count(kShaky, kAlpha, i % 20 == 0);
  const double then = noise.RateOf(kShaky, kAlpha);
  for (int i = 0; i < 40000; ++i) noise.Count(kShaky, kAlpha, false);
  EXPECT_GT(then, 0.04);
  EXPECT_DOUBLE_EQ(noise.RateOf(kShaky, kAlpha), 0.003);
}

TEST(NoiseTest, BadWeatherElsewhereMakesFailuresLikelierHere) {
  Noise noise;
  for (int i = 0; i < 2000; ++i) {
    noise.Count(kSteady, kAlpha, i % 400 == 0);
    noise.Count(kSteady, kBeta, i % 400 == 0);
  }
  const double calm = noise.RateOf(kSteady, kAlpha);
  for (int i = 0; i < 100; ++i) noise.Count(kShaky, kBeta, i % 5 == 0);
  EXPECT_GT(noise.RateOf(kSteady, kAlpha), calm * 2);
}

// An outage of one target must not make it more credible that it fails by chance.
TEST(NoiseTest, ATargetsOwnFailuresAreNotItsWeather) {
  Noise noise;
  for (int i = 0; i < 2000; ++i) {
    noise.Count(kSteady, kAlpha, i % 400 == 0);
    noise.Count(kSteady, kBeta, i % 400 == 0);
  }
  Noise bad = noise;
  for (int i = 0; i < 100; ++i) bad.Count(kShaky, kAlpha, i % 5 == 0);
  EXPECT_LT(bad.RateOf(kSteady, kAlpha), noise.RateOf(kSteady, kAlpha) + 0.012);
  EXPECT_GT(bad.RateOf(kSteady, kBeta), noise.RateOf(kSteady, kBeta) * 2);
}

TEST(NoiseTest, WhatATargetDidLatelyFadesWhileOthersAreLookedAt) {
  Noise noise;
  for (int i = 0; i < 100; ++i) noise.Count(kSteady, kAlpha, i % 4 == 0);
  for (int i = 0; i < 20000; ++i) noise.Count(kSteady, kBeta, i % 400 == 0);
  Noise never;
  for (int i = 0; i < 100; ++i) never.Count(kSteady, kBeta, i % 4 == 0);
  for (int i = 0; i < 20000; ++i) never.Count(kSteady, kBeta, i % 400 == 0);
  // The weather that an unknown target is in is the same, whoever made it.
  EXPECT_NEAR(noise.RateOf(kShaky, 2), never.RateOf(kShaky, 2), 1e-12);
}

}  // namespace
}  // namespace postwatch::collector
