#include "collector/correlate/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

const std::vector<std::string> kAgents = {"a", "b", "c", "d", "e", "f"};

Attempt Of(double ended, const std::string& agent, Leg leg, const std::string& site) {
  const std::string check = leg == Leg::kAccess ? "alpha/imap" : "alpha/smtp";
  return {.ended = ended, .agent = agent, .check = check, .leg = leg, .touched = {site}};
}

TEST(AttributionTest, AQuietWorldHasNoSuspects) {
  Scene s;
  EXPECT_TRUE(s.Suspects().empty());
  s.Fails(Of(100, "a", Leg::kAccess, "site:one"), FailureClass::kTcpTimeout);
  EXPECT_TRUE(s.Suspects().empty());
}

TEST(AttributionTest, OneCauseExplainsAllThatItCauses) {
  Scene s;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& agent : kAgents) {
      s.Fails(Of(100 + 10 * i, agent, Leg::kAccess, "site:one"), FailureClass::kTcpRefused);
      s.Passes(Of(105 + 10 * i, agent, Leg::kAccess, "site:two"));
      s.Passes(Of(105 + 10 * i, agent, Leg::kInbound, "site:three"));
    }
  }
  const std::vector<Suspect> suspects = s.Suspects();
  EXPECT_EQ(s.Names(suspects), "site:one");
  EXPECT_EQ(suspects[0].failures.size(), 30u);
  EXPECT_EQ(suspects[0].passes, 0);
  EXPECT_EQ(suspects[0].began, 99);
  EXPECT_EQ(suspects[0].newest, 139);
  EXPECT_EQ(suspects[0].span, 40);
  EXPECT_GT(suspects[0].confidence, 0.99);
}

TEST(AttributionTest, TheSmallestThingThatExplainsItAllIsTheWhole) {
  Scene s;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& agent : kAgents) {
      s.Fails(Of(100 + 10 * i, agent, Leg::kAccess, "site:one"), FailureClass::kTcpTimeout);
      s.Fails(Of(101 + 10 * i, agent, Leg::kInbound, "site:two"), FailureClass::kTcpTimeout);
    }
  }
  EXPECT_EQ(s.Names(s.Suspects()), "provider:alpha");
}

TEST(AttributionTest, TwoCausesAreTwoSuspects) {
  Scene s;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& agent : kAgents) {
      s.Fails(Of(100 + 10 * i, agent, Leg::kAccess, "site:one"), FailureClass::kTcpRefused);
      s.Passes(Of(101 + 10 * i, agent, Leg::kAccess, "site:two"));
      s.Fails({.ended = 102.0 + 10 * i,
               .agent = agent,
               .check = "alpha/dns",
               .leg = Leg::kDns,
               .touched = {"zone:alpha", "ns:alpha/0"}},
              FailureClass::kDnsNxdomain);
    }
  }
  EXPECT_THAT(s.Names(s.Suspects()),
              ::testing::AnyOf("site:one, zone:alpha", "zone:alpha, site:one"));
}

TEST(AttributionTest, AnAgentThatFailsEverywhereIsTheCause) {
  Scene s;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& agent : kAgents) {
      for (const char* site : {"site:one", "site:two"}) {
        const Attempt run = Of(100 + 10 * i, agent, Leg::kAccess, site);
        const Attempt control = {.ended = 101.0 + 10 * i,
                                 .agent = agent,
                                 .check = "control",
                                 .leg = Leg::kControl,
                                 .touched = {"anchor:x"}};
        if (agent == "a") {
          s.Fails(run, FailureClass::kTcpTimeout);
          s.Fails(control, FailureClass::kTcpTimeout);
        } else {
          s.Passes(run);
          s.Passes(control);
        }
      }
    }
  }
  // Its network is it alone.
  EXPECT_THAT(s.Names(s.Suspects()), ::testing::AnyOf("agent:a", "isp:as-a"));
}

// Trouble in transit between some networks and one provider is nobody's outage.
TEST(AttributionTest, SomeNetworksWithoutAWayToOneProviderAreLikelierThanTheProvider) {
  Scene s;
  for (int i = 0; i < 6; ++i) {
    for (const std::string& agent : kAgents) {
      for (const Leg leg : {Leg::kAccess, Leg::kInbound}) {
        const Attempt run = Of(100 + 10 * i, agent, leg, leg == Leg::kAccess ? "site:1" : "site:2");
        if (agent == "a" || agent == "b") {
          s.Fails(run, FailureClass::kTcpTimeout);
        } else {
          s.Passes(run);
        }
      }
    }
  }
  for (const Suspect& suspect : s.Suspects()) {
    if (!IsReal(suspect.kind)) continue;
    EXPECT_LT(suspect.odds, 1) << s.catalog.Ref(suspect.id).Text();
  }
}

TEST(AttributionTest, TheSameSeenByAllIsTheProvider) {
  Scene s;
  for (int i = 0; i < 6; ++i) {
    for (const std::string& agent : kAgents) {
      for (const Leg leg : {Leg::kAccess, Leg::kInbound}) {
        s.Fails(Of(100 + 10 * i, agent, leg, leg == Leg::kAccess ? "site:1" : "site:2"),
                FailureClass::kTcpTimeout);
      }
    }
  }
  const std::vector<Suspect> suspects = s.Suspects();
  ASSERT_EQ(s.Names(suspects), "provider:alpha");
  EXPECT_GT(suspects[0].odds, 3.5);
}

// However sure it is, one agent is one agent.
TEST(AttributionTest, WhatOneAgentSaysIsBounded) {
  Scene s;
  for (int i = 0; i < 30; ++i) {
    s.Fails({.ended = 100.0 + 10 * i, .agent = "liar", .touched = {"cert:mail.alpha"}},
            FailureClass::kTlsCertExpired);
    for (const std::string& agent : kAgents) {
      s.Passes({.ended = 105.0 + 10 * i, .agent = agent, .touched = {"cert:mail.alpha"}});
    }
  }
  for (const Suspect& suspect : s.Suspects()) {
    if (!IsReal(suspect.kind)) continue;
    EXPECT_LT(suspect.bounded, 7.5);
  }
}

TEST(AttributionTest, WhatExplainsItAsWellIsARivalAndTheyShareTheConfidence) {
  Scene s;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& agent : kAgents) {
      s.Fails({.ended = 100.0 + 10 * i, .agent = agent, .touched = {"acct:probe@alpha"}},
              FailureClass::kImapAuthFailed);
    }
  }
  const std::vector<Suspect> suspects = s.Suspects();
  ASSERT_EQ(s.Names(suspects), "acct:probe@alpha");
  ASSERT_FALSE(suspects[0].rivals.empty());
  EXPECT_EQ(s.catalog.Ref(suspects[0].rivals[0].id).Text(), "auth:alpha");
  EXPECT_LT(suspects[0].confidence, 0.8);
  double sum = suspects[0].confidence;
  for (const Rival& rival : suspects[0].rivals) sum += rival.confidence;
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(AttributionTest, WhatIsBlamedAlreadyNeedsNoPrior) {
  Scene s;
  s.Fails(Of(100, "a", Leg::kAccess, "site:one"), FailureClass::kTcpRefused);
  s.Fails(Of(101, "b", Leg::kAccess, "site:one"), FailureClass::kTcpRefused);
  const std::vector<Suspect> fresh = s.Suspects();
  const std::vector<Suspect> known = s.Suspects({s.Id("site:one")});
  ASSERT_EQ(s.Names(known), "site:one");
  for (const Suspect& suspect : fresh) EXPECT_LT(suspect.gain, known[0].gain - 5);
}

TEST(AttributionTest, ExcusedFailuresAccuseNobody) {
  Scene s;
  for (int i = 0; i < 5; ++i) {
    for (const std::string& agent : kAgents) {
      s.Fails(Of(100 + 10 * i, agent, Leg::kAccess, "site:one"), FailureClass::kTcpRefused);
    }
  }
  const auto excused = [](const FailureRecord&) { return true; };
  EXPECT_TRUE(Attribute(s.catalog, s.suspicions, {}, excused).empty());
}

}  // namespace
}  // namespace postwatch::collector
