#include "collector/correlate/decision.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

const std::vector<std::string> kAgents = {"a", "b", "c", "d"};

class DecisionTest : public ::testing::Test {
 protected:
  // What is decided about the component; kWait when it is no suspect.
  Ruling Decide(const std::string& component, double now) {
    const View view = s_.At(now);
    Ruling decision = Ruling::kWait;
    for (const Suspect& suspect : s_.Suspects()) {
      const Ruling about = judge_.Decide(suspect, view);
      if (s_.catalog.Ref(suspect.id) == MakeRef(component)) decision = about;
    }
    judge_.Adjourn();
    return decision;
  }

  void FailImap(double ended, const std::string& agent, FailureClass klass) {
    s_.Fails({.ended = ended, .agent = agent, .touched = {"site:1", "cert:mail.alpha"}}, klass);
  }

  void PassSmtp(double ended, const std::string& agent) {
    s_.Passes({.ended = ended, .agent = agent, .check = "alpha/smtp", .leg = Leg::kInbound});
  }

  Scene s_;
  Judge judge_{absl::Seconds(25)};
};

TEST_F(DecisionTest, AHardFaultPagesOnceItHasLastedLongerThanABlip) {
  Ruling before = Ruling::kWait, after = Ruling::kWait;
  for (double t = 100; t <= 140; t += 5) {
    for (const std::string& agent : kAgents) {
      s_.Fails({.ended = t, .agent = agent, .touched = {"site:1"}}, FailureClass::kTcpRefused);
      s_.Passes({.ended = t, .agent = agent, .touched = {"site:2"}});
    }
    (t < 125 ? before : after) = Decide("site:1", t + 1);
    if (t < 125) {
      EXPECT_EQ(before, Ruling::kWait) << t;
    }
  }
  EXPECT_EQ(after, Ruling::kOpenReal);
}

TEST_F(DecisionTest, AFaultThatNamesItsCauseNeedsNoTime) {
  FailImap(100, "a", FailureClass::kTlsCertExpired);
  EXPECT_EQ(Decide("cert:mail.alpha", 101), Ruling::kWait);
  FailImap(102, "b", FailureClass::kTlsCertExpired);
  FailImap(103, "c", FailureClass::kTlsCertExpired);
  EXPECT_EQ(Decide("cert:mail.alpha", 104), Ruling::kOpenReal);
}

TEST_F(DecisionTest, OneAgentIsNoQuorumHoweverSure) {
  for (const std::string& agent : kAgents) s_.Meet(agent, 100);
  for (double t = 100; t < 400; t += 5) FailImap(t, "a", FailureClass::kTlsCertExpired);
  EXPECT_EQ(Decide("cert:mail.alpha", 401), Ruling::kWait);
}

TEST_F(DecisionTest, TwoAgentsOfOneNetworkAreNoQuorumWhereThereAreOthers) {
  const auto meet = [&](const std::string& agent, const std::string& network) {
    s_.witness.Heard({.agent = agent, .region = "eu", .network = network}, ToTime(100));
  };
  Scene& s = s_;
  for (double t = 100; t < 200; t += 5) {
    FailImap(t, "a", FailureClass::kTlsCertExpired);
    FailImap(t + 1, "b", FailureClass::kTlsCertExpired);
  }
  EXPECT_EQ(Decide("cert:mail.alpha", 201), Ruling::kOpenReal);
  s.catalog.Agent({.agent = "a", .region = "eu", .network = "shared"});
  s.catalog.Agent({.agent = "b", .region = "eu", .network = "shared"});
  meet("a", "shared");
  meet("b", "shared");
  meet("c", "other");
  EXPECT_EQ(Decide("cert:mail.alpha", 202), Ruling::kWait);
}

TEST_F(DecisionTest, WhatAMaskedAgentSawDoesNotCountTowardsAQuorum) {
  for (const std::string& agent : kAgents) s_.Meet(agent, 100);
  for (double t = 100; t < 110; t += 2) {
    FailImap(t, "a", FailureClass::kTlsCertExpired);
    FailImap(t + 1, "b", FailureClass::kTlsCertExpired);
  }
  s_.witness.Take("b", {.began = ToTime(109),
                        .ended = ToTime(110),
                        .failed = true,
                        .klass = FailureClass::kAgentNoNetwork,
                        .interval = absl::Seconds(60)});
  EXPECT_EQ(Decide("cert:mail.alpha", 111), Ruling::kWait);
}

TEST_F(DecisionTest, ALocalFaultOpensAndNeverPages) {
  for (double t = 100; t < 140; t += 10) {
    for (const std::string& agent : kAgents) {
      for (const Leg leg : {Leg::kAccess, Leg::kInbound}) {
        const Attempt run = {.ended = t,
                             .agent = agent,
                             .check = leg == Leg::kAccess ? "alpha/imap" : "alpha/smtp",
                             .leg = leg};
        if (agent == "a") {
          s_.Fails(run, FailureClass::kTcpTimeout);
        } else {
          s_.Passes(run);
        }
      }
    }
    s_.Passes({.ended = t, .agent = "a", .check = "c", .leg = Leg::kControl});
  }
  EXPECT_EQ(Decide("path:as-a>alpha", 141), Ruling::kOpenLocal);
}

TEST_F(DecisionTest, BlocklistingIsSeenByOneAgentAndTakesAMinute) {
  for (double t = 100; t <= 180; t += 10) {
    for (const std::string& agent : kAgents) {
      const Attempt run = {.ended = t, .agent = agent, .check = "alpha/smtp", .leg = Leg::kInbound};
      if (agent == "a") {
        s_.Fails(run, FailureClass::kSmtpBlocklistedPerm);
      } else {
        s_.Passes(run);
      }
    }
    EXPECT_EQ(Decide("listed:a@alpha", t + 1), t < 160 ? Ruling::kWait : Ruling::kOpenReal) << t;
  }
}

TEST_F(DecisionTest, MissingLettersAccuseTheQueueOnlyOnceTheMailboxCanBeRead) {
  s_.Passes({.ended = 50, .agent = "a"});
  for (double t = 100; t < 200; t += 10) {
    for (const std::string& agent : kAgents) {
      s_.Fails({.ended = t, .agent = agent, .check = "alpha/trip", .leg = Leg::kDelivery},
               FailureClass::kDeliveryLost);
    }
  }
  EXPECT_EQ(Decide("queue:alpha", 201), Ruling::kWait);
  s_.Passes({.ended = 202, .agent = "a"});
  EXPECT_EQ(Decide("queue:alpha", 203), Ruling::kOpenReal);
}

TEST_F(DecisionTest, ASingleVantageThatIsVouchedForPagesWithReserve) {
  s_.Vouches("a", 90);
  FailImap(100, "a", FailureClass::kTcpRefused);
  FailImap(110, "a", FailureClass::kTcpRefused);
  PassSmtp(111, "a");
  EXPECT_EQ(Decide("svc:alpha/imap", 112), Ruling::kWait);
  s_.Vouches("a", 115);
  FailImap(120, "a", FailureClass::kTcpRefused);
  FailImap(130, "a", FailureClass::kTcpRefused);
  bool guarded = false;
  const View view = s_.At(131);
  for (const Suspect& suspect : s_.Suspects()) {
    guarded = guarded || judge_.Decide(suspect, view) == Ruling::kOpenGuarded;
  }
  EXPECT_TRUE(guarded);
}

// Agents of one make may share what is wrong with them.
TEST_F(DecisionTest, ACertificateThatFewHaveLookedAtWaitsForOthers) {
  for (const char* agent : {"a", "b", "c", "d", "e", "f"}) s_.Meet(agent, 100);
  for (const std::string agent : {"a", "b", "c"}) {
    FailImap(101, agent, FailureClass::kTlsUntrustedRoot);
    EXPECT_EQ(Decide("cert:mail.alpha", 102), Ruling::kWait) << agent;
  }
  FailImap(103, "d", FailureClass::kTlsUntrustedRoot);
  EXPECT_EQ(Decide("cert:mail.alpha", 104), Ruling::kOpenReal);
}

TEST_F(DecisionTest, TheOthersMayBeAwaySoACertificateDoesNotWaitForLong) {
  for (const char* agent : {"a", "b", "c", "d", "e", "f"}) s_.Meet(agent, 100);
  for (const double t : {101.0, 131.0, 161.0}) {
    FailImap(t, "a", FailureClass::kTlsUntrustedRoot);
    FailImap(t, "b", FailureClass::kTlsUntrustedRoot);
  }
  EXPECT_EQ(Decide("cert:mail.alpha", 189), Ruling::kWait);
  EXPECT_EQ(Decide("cert:mail.alpha", 191), Ruling::kOpenReal);  // a run and a half
}

}  // namespace
}  // namespace postwatch::collector
