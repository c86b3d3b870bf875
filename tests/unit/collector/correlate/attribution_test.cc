#include "collector/correlate/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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

Attempt OfZone(double ended, const std::string& agent, const std::string& zone,
               const std::string& hoster) {
  return {.ended = ended,
          .agent = agent,
          .check = Concat("alpha/dns.", zone),
          .leg = Leg::kDns,
          .touched = {Concat("zone:", zone), Concat("hoster:", hoster)},
          .alone = true};
}

// Two of three zones fail whose label names another hoster; so do those of a hoster, if it is down.
std::string BesideAHoster(bool down) {
  Scene s;
  for (int i = 0; i < 4; ++i) {
    for (const std::string& agent : kAgents) {
      for (const char* zone : {"one", "two", "three"}) {
        const Attempt run = OfZone(100 + 10 * i, agent, zone, "h");
        if (down) {
          s.Fails(run, FailureClass::kDnsTimeout);
        } else {
          s.Passes(run);
        }
      }
    }
  }
  for (const std::string& agent : kAgents) {
    s.Fails(OfZone(131, agent, "four", "other"), FailureClass::kDnsTimeout);
    s.Fails(OfZone(132, agent, "five", "other"), FailureClass::kDnsTimeout);
    s.Passes(OfZone(133, agent, "well", "other"));
  }
  return s.Names(s.Suspects());
}

TEST(AttributionTest, ZonesThatFailBesideAHosterArePartsWhateverTheirLabelSays) {
  EXPECT_EQ(BesideAHoster(true), "hoster:h, zone:four, zone:five");
  EXPECT_EQ(BesideAHoster(false), "hoster:other");
}

// Everything fails for agents that are broken; one site is down for all others too.
TEST(AttributionTest, BrokenAgentsDoNotHideAnOutage) {
  const std::set<std::string> broken = {"a", "b", "c"};
  Scene s;
  for (int i = 0; i < 5; ++i) {
    for (const char* agent : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
      const double t = 100 + 10 * i;
      s.Fails(Of(t, agent, Leg::kAccess, "site:one"), FailureClass::kTcpTimeout);
      const std::vector<Attempt> others = {Of(t + 1, agent, Leg::kInbound, "site:two"),
                                           {.ended = t + 2,
                                            .agent = agent,
                                            .check = "c",
                                            .leg = Leg::kControl,
                                            .touched = {"anchor:x"}}};
      for (const Attempt& run : others) {
        if (broken.contains(agent)) {
          s.Fails(run, FailureClass::kTcpTimeout);
        } else {
          s.Passes(run);
        }
      }
    }
  }
  int real = 0;
  for (const Suspect& suspect : s.Suspects()) {
    if (!IsReal(suspect.kind)) continue;
    ++real;
    EXPECT_GT(suspect.odds, 3.5) << s.catalog.Ref(suspect.id).Text();
    EXPECT_GE(suspect.failures.size(), 25u);
  }
  EXPECT_EQ(real, 1);
}

// Two agents of twelve do not reach a site; the names fail for all, or for nobody.
std::vector<Suspect> TwoBrokenAgents(Scene& s, bool outage) {
  for (int i = 0; i < 5; ++i) {
    for (int a = 0; a < 12; ++a) {
      const double t = 100 + 10 * i + 0.1 * a;
      const Attempt names = {.ended = t,
                             .agent = Concat("n", a),
                             .check = "alpha/dns",
                             .leg = Leg::kDns,
                             .touched = {"zone:alpha", "ns:alpha/0"}};
      const Attempt mail = Of(t + 1, Concat("n", a), Leg::kInbound, "site:one");
      if (outage) {
        s.Fails(names, FailureClass::kDnsNxdomain);
      } else {
        s.Passes(names);
      }
      if (a < 2) {
        s.Fails(mail, FailureClass::kTcpTimeout);
      } else {
        s.Passes(mail);
      }
    }
  }
  return s.Suspects();
}

TEST(AttributionTest, WhatLocalFaultsExplainBetterIsLeftOutBesideAnOutage) {
  Scene alone, beside;
  const std::vector<Suspect> doubtful = TwoBrokenAgents(alone, false);
  ASSERT_EQ(alone.Names(doubtful), "svc:alpha/smtp");
  EXPECT_LT(doubtful[0].odds, 0);
  const std::vector<Suspect> suspects = TwoBrokenAgents(beside, true);
  ASSERT_EQ(beside.Names(suspects), "zone:alpha, agent:n0, agent:n1");
  EXPECT_GT(suspects[0].odds, 6);
  EXPECT_GE(suspects[0].failures.size(), 50u);  // all but what the two explain as well
  EXPECT_EQ(suspects[1].failures.size(), 5u);
}

// Those who fail are of one network but for some whose label says otherwise.
TEST(AttributionTest, APathWithSomeWrongLabelsExplainsItBetterThanASite) {
  const auto odds = [](int failing) {
    Scene s;
    for (int i = 0; i < 6; ++i) {
      for (int a = 0; a < 12; ++a) {
        const Attempt run = Of(100 + 10 * i + a * 0.1, Concat("n", a), Leg::kAccess, "site:one");
        if (a < failing) {
          s.Fails(run, FailureClass::kTcpTimeout);
        } else {
          s.Passes(run);
        }
      }
    }
    double highest = -1e9;
    for (const Suspect& suspect : s.Suspects()) {
      if (IsReal(suspect.kind)) highest = std::max(highest, suspect.odds);
    }
    return highest;
  };
  EXPECT_LT(odds(3), 0);
  EXPECT_GT(odds(12), 3.5);
}

}  // namespace
}  // namespace postwatch::collector
