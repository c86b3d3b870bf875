#include "agent/schedule/restraint.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

Observation Failed(FailureClass klass) {
  Observation o;
  o.outcome = Outcome::kFail;
  o.failure = Failure{klass, "auth", "", std::nullopt};
  return o;
}

constexpr absl::Duration kMinute = absl::Minutes(1);

TEST(Restraint, ARejectedCredentialIsTriedTwiceThenMoreAndMoreRarely) {
  Restraint r;
  const Observation rejected = Failed(FailureClass::kImapAuthFailed);
  EXPECT_EQ(r.After(rejected, kMinute, {}), absl::ZeroDuration());
  EXPECT_EQ(r.After(rejected, kMinute, {}), absl::Minutes(6));
  EXPECT_EQ(r.After(rejected, kMinute, {}), absl::Minutes(12));
  EXPECT_EQ(r.After(rejected, kMinute, {}), absl::Minutes(24));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(r.After(rejected, kMinute, {}), absl::Minutes(30));
}

TEST(Restraint, AgentsOfAFleetTakeTurnsAtARejectedCredential) {
  const Observation rejected = Failed(FailureClass::kSmtpAuthFailed);
  for (int position = 0; position < 3; ++position) {
    Restraint r;
    const FleetShare share{.agents = 3, .position = position};
    EXPECT_EQ(r.After(rejected, kMinute, share), absl::Minutes(6) * (position + 1));
    EXPECT_EQ(r.After(rejected, kMinute, share), absl::Minutes(6) * 3);
    EXPECT_EQ(r.After(rejected, kMinute, share), absl::Minutes(12) * 3);
    EXPECT_EQ(r.After(rejected, kMinute, share), absl::Minutes(24) * 3);
    for (int i = 0; i < 40; ++i) {
      EXPECT_EQ(r.After(rejected, kMinute, share), absl::Minutes(30) * 3);
    }
    EXPECT_EQ(r.After(Observation(), kMinute, share), absl::ZeroDuration());
  }
}

TEST(Restraint, WhatTheServerAskedForIsHonoured) {
  Restraint r;
  Observation throttled = Failed(FailureClass::kImapThrottled);
  throttled.evidence.facts["backoff.seconds"] = "600";
  EXPECT_EQ(r.After(throttled, kMinute, {}), absl::Minutes(10));
  throttled.evidence.facts["backoff.seconds"] = "1";
  EXPECT_EQ(r.After(throttled, kMinute, {}), absl::Minutes(4));
  throttled.evidence.facts["backoff.seconds"] = "99999999";
  EXPECT_EQ(r.After(throttled, kMinute, {}), absl::Hours(24));
  throttled.evidence.facts["backoff.seconds"] = "-1";
  EXPECT_EQ(r.After(throttled, kMinute, {}), absl::Minutes(16));
}

TEST(Restraint, AnythingElseEndsIt) {
  Restraint r;
  const Observation rejected = Failed(FailureClass::kSmtpAuthFailed);
  r.After(rejected, kMinute, {});
  EXPECT_EQ(r.After(Observation(), kMinute, {}), absl::ZeroDuration());
  EXPECT_EQ(r.After(rejected, kMinute, {}), absl::ZeroDuration());
  EXPECT_EQ(r.After(rejected, kMinute, {}), absl::Minutes(6));
  EXPECT_EQ(r.After(Failed(FailureClass::kTcpTimeout), kMinute, {}), absl::ZeroDuration());
}

TEST(Restraint, ThrottlingIsAnsweredWithPatienceAtOnce) {
  Restraint r;
  const Observation throttled = Failed(FailureClass::kSmtpThrottledTemp);
  EXPECT_EQ(r.After(throttled, kMinute, {}), absl::Minutes(2));
  EXPECT_EQ(r.After(throttled, kMinute, {}), absl::Minutes(4));
  EXPECT_EQ(r.After(Observation(), kMinute, {}), absl::ZeroDuration());
  EXPECT_EQ(r.After(throttled, absl::Hours(24), {}), absl::Minutes(30));
}

TEST(Restraint, TellsWhetherTheCredentialWasRejected) {
  Restraint r;
  EXPECT_FALSE(r.rejected());
  r.After(Failed(FailureClass::kPop3AuthFailed), kMinute, {});
  EXPECT_TRUE(r.rejected());
  r.After(Failed(FailureClass::kImapThrottled), kMinute, {});
  EXPECT_FALSE(r.rejected());
}

TEST(Restraint, OutagesAreProbedOn) {
  Restraint r;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(r.After(Failed(FailureClass::kImapAuthBackend), kMinute, {}), absl::ZeroDuration());
    EXPECT_EQ(r.After(Failed(FailureClass::kSmtpServerTemp), kMinute, {}), absl::ZeroDuration());
  }
}

}  // namespace
}  // namespace postwatch::agent
