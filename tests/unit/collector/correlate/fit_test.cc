#include "collector/correlate/fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

Attempt OfSite(double ended, const std::string& agent = "eu") {
  return {.ended = ended, .agent = agent, .touched = {"site:one"}, .alone = true};
}

Fit FitOf(Scene& s, const std::string& component) {
  const Model model(s.catalog, s.suspicions, {s.Id(component)});
  return model.Of(s.Id(component), model.Noise());
}

TEST(FitTest, WhatOneAgentCanAddIsBounded) {
  Scene s;
  for (int i = 0; i < 40; ++i) s.Fails(OfSite(100 + i, "liar"), FailureClass::kTcpRefused);
  EXPECT_GT(FitOf(s, "site:one").gain, 100);
  EXPECT_DOUBLE_EQ(FitOf(s, "site:one").bounded, 12);
  for (int i = 0; i < 40; ++i) s.Fails(OfSite(150 + i, "us"), FailureClass::kTcpRefused);
  EXPECT_DOUBLE_EQ(FitOf(s, "site:one").bounded, 24);
}

TEST(FitTest, OneAgentThatSeesItPassCannotOutweighTheOthersEither) {
  Scene s;
  for (int i = 0; i < 40; ++i) {
    s.Fails(OfSite(100 + i, "eu"), FailureClass::kTcpRefused);
    s.Fails(OfSite(100 + i, "us"), FailureClass::kTcpRefused);
    s.Fails(OfSite(100 + i, "ap"), FailureClass::kTcpRefused);
    for (int j = 0; j < 3; ++j) s.Passes(OfSite(100.2 + i, "liar"));
  }
  EXPECT_GE(FitOf(s, "site:one").bounded, 24);
}

TEST(FitTest, AFaultMayHitAFixedPartOfTheAgents) {
  Scene s;
  for (int i = 0; i < 20; ++i) {
    for (const char* agent : {"a", "b", "c"}) {
      s.Fails(OfSite(100 + i, agent), FailureClass::kTcpTimeout);
    }
    for (const char* agent : {"d", "e", "f"}) s.Passes(OfSite(100.5 + i, agent));
  }
  const Fit fit = FitOf(s, "site:one");
  EXPECT_EQ(fit.reach, 0.6);
  EXPECT_EQ(fit.share, 0.95);
  EXPECT_EQ(fit.agents, 6u);
}

TEST(FitTest, AFaultThatHitsEverybodyNowAndThenHasFullReach) {
  Scene s;
  for (int i = 0; i < 40; ++i) {
    for (const char* agent : {"a", "b", "c", "d"}) {
      if (i % 3 == 0) {
        s.Fails(OfSite(100 + i, agent), FailureClass::kTcpTimeout);
      } else {
        s.Passes(OfSite(100 + i, agent));
      }
    }
  }
  const Fit fit = FitOf(s, "site:one");
  EXPECT_EQ(fit.reach, 1);
  EXPECT_EQ(fit.share, 0.3);
}

TEST(FitTest, BeginsWithTheFirstFailureThatIsPartOfIt) {
  Scene s;
  s.Fails(OfSite(50), FailureClass::kTcpTimeout);
  for (int i = 0; i < 8; ++i) s.Passes(OfSite(60 + i));
  for (int i = 0; i < 8; ++i) s.Fails(OfSite(100 + i), FailureClass::kTcpTimeout);
  const Model model(s.catalog, s.suspicions, {s.Id("site:one")});
  const Fit fit = model.Of(s.Id("site:one"), model.Noise());
  EXPECT_EQ(fit.since, 100);
  EXPECT_EQ(fit.share, 0.95);
  EXPECT_EQ(model.PassesOf(fit), 0);
  EXPECT_EQ(model.OnsetOf(fit), 99);
  EXPECT_EQ(model.FailuresOf(fit, model.Noise()).size(), 8u);
}

TEST(FitTest, TheMixIsFittedToWhatIsSeen) {
  Scene mixed, same;
  // Unexpected as the only error of a site, but the same every time.
  for (int i = 0; i < 10; ++i) same.Fails(OfSite(100 + i), FailureClass::kTlsNotOffered);
  for (int i = 0; i < 10; ++i) {
    const FailureClass klass = i % 2 == 0   ? FailureClass::kTlsNotOffered
                               : i % 3 == 0 ? FailureClass::kImapStoreCorruption
                                            : FailureClass::kSmtpPolicyPerm;
    mixed.Fails(OfSite(100 + i), klass);
  }
  const double first = FitOf(same, "site:one").gain;
  EXPECT_GT(first, 40);
  Scene one;
  one.Fails(OfSite(100), FailureClass::kTlsNotOffered);
  // Each further one of the same kind tells more than the first.
  EXPECT_GT(first, 10 * FitOf(one, "site:one").gain);
}

TEST(FitTest, WhatItCannotCauseSpeaksAgainstIt) {
  Scene s;
  s.Fails({.ended = 100, .touched = {"cert:one", "site:one"}, .alone = true},
          FailureClass::kTcpRefused);
  s.Fails({.ended = 101, .touched = {"cert:one", "site:one"}, .alone = true},
          FailureClass::kTcpRefused);
  const Model model(s.catalog, s.suspicions, {s.Id("site:one")});
  EXPECT_GT(model.Of(s.Id("site:one"), model.Noise()).gain, 5);
  EXPECT_LT(s.Highest("cert:one"), 4);
}

TEST(FitTest, WhatIsExplainedEarnsNobodyElseAnything) {
  Scene s;
  for (int i = 0; i < 10; ++i) {
    s.Fails({.ended = 100.0 + i, .touched = {"site:one", "provider:alpha"}, .alone = true},
            FailureClass::kTcpRefused);
  }
  const ComponentId site = s.Id("site:one"), provider = s.Id("provider:alpha");
  const Model model(s.catalog, s.suspicions, {site, provider});
  Beliefs beliefs = model.Noise();
  EXPECT_GT(model.Of(provider, beliefs).gain, 30);
  model.Explain(model.Of(site, beliefs), beliefs);
  EXPECT_LT(model.Of(provider, beliefs).gain, 1e-6);
  EXPECT_TRUE(model.FailuresOf(model.Of(provider, model.Noise()), beliefs).empty());
  EXPECT_EQ(model.CountExplicable(provider, std::vector<bool>(10, true)), 10u);
}

TEST(FitTest, ThePathsOfSeveralNetworksShareTheirMix) {
  const auto gain = [](int networks) {
    Scene s;
    for (int n = 0; n < networks; ++n) {
      for (int i = 0; i < 4; ++i) {
        s.Fails({.ended = 100.0 + i + n * 0.1,
                 .touched = {Concat("path:as", n, ">alpha")},
                 .alone = true},
                FailureClass::kTcpReset);
      }
    }
    std::vector<ComponentId> paths;
    for (int n = 0; n < networks; ++n) paths.push_back(s.Id(Concat("path:as", n, ">alpha")));
    const Model model(s.catalog, s.suspicions, paths);
    return model.Of(s.Id("path:as0>alpha"), model.Noise()).gain;
  };
  EXPECT_GT(gain(4), gain(1) + 1.5);
}

TEST(FitTest, ThePathNamesItsProvider) {
  EXPECT_EQ(ProviderOfPath({"path", "as1>alpha"}), "alpha");
}

// More than are looked at: the newest 1500.
void FailAtSite(Scene& s, int from, int to) {
  const std::vector<std::string> agents = {"a", "b", "c", "d"};
  for (int i = from; i < to; ++i) {
    s.Fails(OfSite(1000 + i * 0.1, agents[static_cast<size_t>(i % 4)]), FailureClass::kTcpTimeout);
  }
}

TEST(FitTest, WhatIsLookedAtWhollyIsNotCutShort) {
  Scene s;
  FailAtSite(s, 0, 1500);
  const Model model(s.catalog, s.suspicions, {s.Id("site:one")});
  const Fit fit = model.Of(s.Id("site:one"), model.Noise());
  EXPECT_FALSE(model.IsCutShort(fit));
  EXPECT_DOUBLE_EQ(model.OnsetOf(fit), 999);
}

TEST(FitTest, TheOnsetIsLookedForAmongAllClues) {
  Scene s;
  FailAtSite(s, 0, 2000);
  const Model model(s.catalog, s.suspicions, {s.Id("site:one")});
  const Fit fit = model.Of(s.Id("site:one"), model.Noise());
  EXPECT_EQ(model.failure_count(), 1500u);
  EXPECT_DOUBLE_EQ(fit.since, 1050);
  EXPECT_TRUE(model.IsCutShort(fit));
  EXPECT_DOUBLE_EQ(model.OnsetOf(fit), 999);
}

TEST(FitTest, OlderCluesCountOnlyAsFarAsTheySpeakForIt) {
  Scene s;
  for (int i = 0; i < 10; ++i) s.Fails(OfSite(800 + i, "a"), FailureClass::kTcpTimeout);
  for (int i = 0; i < 40; ++i) s.Passes(OfSite(820 + i, "b"));
  FailAtSite(s, 0, 2000);
  ASSERT_EQ(s.Of("site:one").clues.size(), 2050u);
  const Model model(s.catalog, s.suspicions, {s.Id("site:one")});
  const Fit fit = model.Of(s.Id("site:one"), model.Noise());
  EXPECT_EQ(fit.share, 0.95);
  EXPECT_DOUBLE_EQ(model.OnsetOf(fit), 999);
}

TEST(FitTest, AFaultThatBeganAmongTheNewestCluesIsNotCutShort) {
  Scene s;
  for (int i = 0; i < 10; ++i) s.Fails(OfSite(800 + i, "a"), FailureClass::kTcpTimeout);
  for (int i = 0; i < 60; ++i) s.Passes(OfSite(820 + i, "b"));
  FailAtSite(s, 0, 1435);
  ASSERT_GT(s.Of("site:one").clues.size(), 1500u);
  const Model model(s.catalog, s.suspicions, {s.Id("site:one")});
  const Fit fit = model.Of(s.Id("site:one"), model.Noise());
  EXPECT_DOUBLE_EQ(fit.since, 1000);
  EXPECT_FALSE(model.IsCutShort(fit));
  EXPECT_DOUBLE_EQ(model.OnsetOf(fit), 999);
}

TEST(FitTest, WhatEachAgentAddsIsCountedOnItsOwn) {
  Scene s;
  for (int i = 0; i < 5; ++i) {
    s.Fails(OfSite(100 + i, "a"), FailureClass::kTcpTimeout);
    s.Fails(OfSite(100 + i, "b"), FailureClass::kTcpTimeout);
    s.Fails(OfSite(100 + i, "c"), FailureClass::kTlsCertExpired);
    s.Passes(OfSite(100.5 + i, "d"));
  }
  const ComponentId site = s.Id("site:one");
  const Model model(s.catalog, s.suspicions, {site});
  const Beliefs noise = model.Noise();
  std::vector<double> gains = model.GainsByAgent(model.Of(site, noise), Kind::kPath, noise);
  // A way there expires no certificate: nothing of what c saw is counted.
  ASSERT_EQ(gains.size(), 3u);
  std::ranges::sort(gains);
  EXPECT_NEAR(gains[0], 5 * std::log(0.9), 0.06);  // a pass is least of a surprise at 10 %
  EXPECT_GT(gains[1], 15);
  EXPECT_GT(gains[2], 15);
}

}  // namespace
}  // namespace postwatch::collector
