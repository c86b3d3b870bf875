#include "cli/explain/explain_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collector/correlate/thresholds.h"
#include "tests/support/incident_samples.h"
#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::cli {
namespace {

using collector::AccessOutage;
using collector::Incident;
using collector::Ruling;
using collector::Verdict;
using collector::VerdictEvidence;
using collector::VerdictLevel;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Four agents see an expired certificate: nothing but the figures is in question.
class JudgeTest : public ::testing::Test {
 protected:
  Ruling Decide(const VerdictEvidence& figures) {
    collector::Scene scene;
    collector::Suspect suspect{.id = scene.Id("cert:mail.alpha"),
                               .kind = collector::Kind::kCertificate};
    for (const char* agent : {"a", "b", "c", "d"}) {
      suspect.failures.push_back(
          scene.Fails({.ended = 100, .agent = agent, .touched = {"cert:mail.alpha"}},
                      FailureClass::kTlsCertExpired));
    }
    suspect.fit.share = figures.share;
    suspect.fit.reach = figures.reach;
    suspect.bounded = figures.bounded;
    suspect.odds = figures.odds;
    suspect.gain = 100;
    collector::Judge judge(absl::Seconds(25));
    const Ruling first = judge.Decide(suspect, scene.At(101));
    judge.Adjourn();
    if (!wait_) return first;
    judge.Decide(suspect, scene.At(101.5));
    return judge.Decide(suspect, scene.At(101 + wait_));
  }

  int wait_ = 0;  // seconds
};

TEST_F(JudgeTest, WhatIsSaidToBeNeededIsWhatIsNeeded) {
  constexpr double kABit = 0.01;
  for (const double share : {0.95, collector::kWeakShare + kABit, collector::kWeakShare, 0.05}) {
    for (const double reach : {1.0, 0.6}) {
      VerdictEvidence figures{.share = share, .reach = reach};
      figures.bounded = GainToPage(figures);
      figures.odds = OddsToPage(figures);
      EXPECT_EQ(Decide(figures), Ruling::kOpenReal) << share << " " << reach;
      VerdictEvidence less = figures;
      less.bounded -= kABit;
      EXPECT_EQ(Decide(less), Ruling::kWait) << share << " " << reach;
      less = figures;
      less.odds -= kABit;
      EXPECT_EQ(Decide(less), Ruling::kWait) << share << " " << reach;
    }
  }
}

TEST_F(JudgeTest, DoubtThatLastsAsLongAsIsSaidPages) {
  VerdictEvidence figures{
      .bounded = 50, .odds = collector::kLikelierOdds, .share = 0.95, .reach = 1};
  wait_ = collector::kDoubtLasts - 1;
  EXPECT_EQ(Decide(figures), Ruling::kWait);
  wait_ = collector::kDoubtLasts + 1;
  EXPECT_EQ(Decide(figures), Ruling::kOpenReal);
  figures.odds -= 0.01;
  EXPECT_EQ(Decide(figures), Ruling::kWait);
}

TEST(TimesText, RoundsToWhatCanBePromised) {
  EXPECT_EQ(TimesText(1), "2.7");
  EXPECT_EQ(TimesText(std::log(9.9)), "9.9");
  EXPECT_EQ(TimesText(3.5), "about 33");
  EXPECT_EQ(TimesText(7.5), "about 1,800");
  EXPECT_EQ(TimesText(std::log(996)), "about 1,000");
  EXPECT_EQ(TimesText(std::log(123456)), "about 120,000");
  EXPECT_EQ(TimesText(std::log(1.2e6)), "about 10^6");
  EXPECT_EQ(TimesText(31.5), "about 10^14");
  EXPECT_EQ(TimesText(1800), "over 10^30");
}

TEST(PercentText, OnlyAllIsAllAndOnlyNoneIsNone) {
  EXPECT_EQ(PercentText(0), "0 %");
  EXPECT_EQ(PercentText(0.00001), "0.1 %");
  EXPECT_EQ(PercentText(0.006), "0.6 %");
  EXPECT_EQ(PercentText(0.336), "34 %");
  EXPECT_EQ(PercentText(0.9961), "99.6 %");
  EXPECT_EQ(PercentText(0.99999), "99.9 %");
  EXPECT_EQ(PercentText(1), "100 %");
  EXPECT_EQ(SurenessText(1), "over 99.9 %");
  EXPECT_EQ(SurenessText(0.6), "60 %");
}

TEST(FigureParagraphs, OfARealFaultTellEveryFigure) {
  EXPECT_THAT(
      FigureParagraphs(AccessOutage().verdict),
      ElementsAre(
          "Against chance: 31.5 nats. This fault explains what was seen about 10^14 times better "
          "than nothing being wrong, its rarity counted in.",
          "With each agent capped: 21.2 nats remain when what any single agent adds is limited, so "
          "that one that lies or is broken cannot page. A page takes 7.5 nats.",
          "Against trouble of our own: 9.5 nats, about 13,000 to 1 against the best explanation by "
          "faults of agents, networks, resolvers and paths alone. A page takes 3.5 nats (about 33 "
          "to 1), or 1.0 nats (2.7 to 1) that last for 150 s.",
          "Failing share: 7 of the 10 attempts that depend on it failed (50 %). Estimated: about "
          "75 % of the attempts fail, whoever makes them.",
          "Witnesses: 3 agents on 2 networks saw it fail; a page takes two agents on two networks, "
          "where the fleet has them. 5 agents looked since it began; the runs of 1 of them speak "
          "against it.",
          "Confidence: 90 %, very likely, not certain. That is its share among all that could "
          "explain this (itself, the alternatives below, trouble of our own, chance), with the "
          "nats halved, as failures of one moment are not independent."));
}

TEST(FigureParagraphs, WhatMakesAPageHarderIsNamed) {
  Verdict verdict = AccessOutage().verdict;
  verdict.evidence.share = 0.08;
  verdict.evidence.reach = 0.6;
  verdict.evidence.odds = -2;
  const std::vector<std::string> figures = FigureParagraphs(verdict);
  EXPECT_THAT(figures[1],
              EndsWith("A page takes 14.5 nats here, 3.5 more than usual because so few attempts "
                       "fail and 3.5 more than usual because only some agents are hit."));
  EXPECT_THAT(figures[2], StartsWith("Against trouble of our own: -2.0 nats, faults of agents, "
                                     "networks, resolvers and paths alone explain it 7.4 times "
                                     "better. A page takes 6.0 nats"));
  EXPECT_THAT(figures[3], EndsWith("about 8 % of the attempts fail, at about 60 % of the agents "
                                   "and at none of the rest."));
}

TEST(FigureParagraphs, AConditionOfTheFleetHasNone) {
  Verdict verdict = AccessOutage().verdict;
  verdict.level = VerdictLevel::kInsufficientVisibility;
  verdict.evidence = {.agents = {"eu-1"}};
  EXPECT_THAT(FigureParagraphs(verdict), ElementsAre(StartsWith("Nothing had to be inferred")));
}

TEST(FigureParagraphs, AnIncidentFromBeforeTheFiguresWereKeptDoesWithout) {
  Verdict verdict = AccessOutage().verdict;
  verdict.evidence.looked = 0;
  for (const std::string& figure : FigureParagraphs(verdict)) {
    EXPECT_THAT(figure, Not(HasSubstr("capped")));
    EXPECT_THAT(figure, Not(HasSubstr("Estimated")));
    EXPECT_THAT(figure, Not(HasSubstr("looked")));
  }
}

TEST(PageParagraph, SaysWhichRuleLetItPageOrHeldItBack) {
  Incident incident = AccessOutage();
  EXPECT_THAT(PageParagraph(incident), StartsWith("Paged: yes. All of this was met, and the"));
  incident.verdict.evidence.bounded = 5;
  EXPECT_EQ(PageParagraph(incident),
            "Paged: yes. All of this was met when somebody was told. These are the latest figures, "
            "as 5.0 nats with each agent capped are less than 7.5 nats; what has paged once stays "
            "paged.");
  incident.alerting = false;
  incident.verdict.evidence.networks = {"AS64500"};
  incident.verdict.evidence.odds = 2;
  EXPECT_EQ(PageParagraph(incident),
            "Paged: no. Held back: all who saw it share one network, and 5.0 nats with each agent "
            "capped are less than 7.5 nats, and 2.0 nats against trouble of our own are less than "
            "3.5 nats.");
  incident.verdict.level = VerdictLevel::kLocal;
  EXPECT_THAT(PageParagraph(incident), StartsWith("Paged: no. Faults of our own agents"));
  incident.verdict.level = VerdictLevel::kInsufficientVisibility;
  EXPECT_THAT(PageParagraph(incident), StartsWith("Paged: no. That nobody can look"));
  incident.alerting = true;
  EXPECT_THAT(PageParagraph(incident), StartsWith("Paged: yes, while it looked like"));
}

TEST(PageParagraph, OneVantageAndOneAddressHaveRulesOfTheirOwn) {
  Incident incident = AccessOutage();
  incident.verdict.scope.resize(1);
  incident.verdict.evidence.networks.resize(1);
  EXPECT_THAT(PageParagraph(incident), HasSubstr("The fleet stands in one place"));
  EXPECT_EQ(FigureParagraphs(incident.verdict).size(), 3u);
  incident.verdict.component = {"listed", "eu-1@alpha"};
  EXPECT_THAT(PageParagraph(incident), HasSubstr("An address's standing shows at one agent"));
}

}  // namespace
}  // namespace postwatch::cli
