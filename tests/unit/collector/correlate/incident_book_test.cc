#include "collector/correlate/incident_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class IncidentBookTest : public ::testing::Test {
 protected:
  // Two agents, a second apart, see a check fail that runs through all of these.
  std::vector<FailureId> Fail(double ended, const std::string& check,
                              const std::vector<std::string>& touched) {
    std::vector<FailureId> failures;
    for (const char* agent : {"eu", "us"}) {
      failures.push_back(s_.Fails({.ended = ended++,
                                   .agent = agent,
                                   .check = check,
                                   .leg = Leg::kAccess,
                                   .touched = touched,
                                   .alone = true},
                                  FailureClass::kTcpRefused));
    }
    return failures;
  }

  Proposal Propose(const std::string& component, std::vector<FailureId> failures = {}) {
    Proposal proposal{.component = s_.Id(component),
                      .started = ToTime(1),
                      .alerting = true,
                      .share = 0.95,
                      .failures = std::move(failures)};
    Verdict& verdict = proposal.verdict;
    verdict.component = MakeRef(component);
    verdict.level =
        IsReal(KindOf(verdict.component.kind)) ? VerdictLevel::kReal : VerdictLevel::kLocal;
    verdict.klass = FailureClass::kTcpRefused;
    verdict.severity = Severity::kSev2;
    verdict.provider = "alpha";
    verdict.scope = {{.region = "eu", .failing = 1}, {.region = "us", .failing = 1}};
    verdict.evidence.classes = {{"tcp_refused", 3}};
    return proposal;
  }

  std::vector<IncidentChange> Reconcile(const std::vector<Proposal>& proposals, double now) {
    return book_.Reconcile(proposals, s_.At(now));
  }

  // Both agents see it pass again, five times each.
  std::vector<IncidentChange> Recover(double from, const std::string& check,
                                      const std::vector<std::string>& touched, double now) {
    return Recover(book_, from, check, touched, now);
  }
  std::vector<IncidentChange> Recover(IncidentBook& book, double from, const std::string& check,
                                      const std::vector<std::string>& touched, double now) {
    for (int i = 0; i < 5; ++i) {
      for (const char* agent : {"eu", "us"}) {
        book.Take(s_.Passes({.ended = from + i,
                             .agent = agent,
                             .check = check,
                             .leg = Leg::kAccess,
                             .touched = touched,
                             .alone = true}));
      }
    }
    return book.CloseWhatIsOver(s_.At(now));
  }

  Scene s_;
  IncidentBook book_{s_.catalog};
};

const std::vector<std::string> kImap = {"svc:alpha/imap", "provider:alpha"};
const std::vector<std::string> kSmtp = {"svc:alpha/smtp", "provider:alpha"};

TEST_F(IncidentBookTest, TheIdIsAFunctionOfWhatOpenedIt) {
  const std::string id = Reconcile({Propose("svc:alpha/imap")}, 1).at(0).incident.id;
  EXPECT_THAT(id, MatchesRegex("inc-[0-9a-f]+"));
  EXPECT_EQ(id.size(), 16u);
  IncidentBook same(s_.catalog), later(s_.catalog);
  EXPECT_EQ(same.Reconcile({Propose("svc:alpha/imap")}, s_.At(1)).at(0).incident.id, id);
  EXPECT_NE(later.Reconcile({Propose("svc:alpha/imap")}, s_.At(2)).at(0).incident.id, id);
}

TEST_F(IncidentBookTest, AnIncidentKeepsTheRevisionItWasOpenedUnder) {
  book_.SetRevision("v1");
  EXPECT_EQ(Reconcile({Propose("svc:alpha/imap")}, 1).at(0).incident.revision, "v1");
  book_.SetRevision("v2");
  Proposal worse = Propose("svc:alpha/imap");
  worse.verdict.severity = Severity::kSev1;
  for (const IncidentChange& change : Reconcile({worse}, 100)) {
    EXPECT_EQ(change.incident.revision, "v1");
  }
  EXPECT_EQ(book_.open().begin()->second.incident.revision, "v1");
}

TEST_F(IncidentBookTest, SaysNothingWhileNothingChanges) {
  EXPECT_EQ(Reconcile({Propose("svc:alpha/imap")}, 1).size(), 1u);
  EXPECT_TRUE(Reconcile({Propose("svc:alpha/imap")}, 2).empty());
}

TEST_F(IncidentBookTest, WhatIsNotFirmKeepsUpAndDoesNotOpen) {
  Proposal weak = Propose("svc:alpha/imap");
  weak.firm = false;
  weak.alerting = false;
  EXPECT_TRUE(Reconcile({weak}, 1).empty());
  Reconcile({Propose("svc:alpha/imap")}, 2);
  weak.verdict.severity = Severity::kSev1;
  EXPECT_EQ(Reconcile({weak}, 3).at(0).kind, ChangeKind::kUpdated);
}

TEST_F(IncidentBookTest, ABroaderComponentTakesOver) {
  std::vector<FailureId> failures = Fail(1, "imap", kImap);
  const std::string id = Reconcile({Propose("svc:alpha/imap", failures)}, 3).at(0).incident.id;
  const auto changes = Reconcile({Propose("provider:alpha", failures)}, 5);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ChangeKind::kUpdated);
  EXPECT_EQ(changes[0].incident.id, id);
  EXPECT_THAT(changes[0].incident.history.back().text,
              HasSubstr("now provider:alpha (was svc:alpha/imap)"));
  EXPECT_EQ(book_.Blamed(), std::set<ComponentId>{s_.Id("provider:alpha")});
}

TEST_F(IncidentBookTest, ANarrowerOneTakesOverOnlyAfterAWhile) {
  const std::vector<FailureId> failures = Fail(1, "imap", kImap);
  Reconcile({Propose("provider:alpha", failures)}, 3);
  EXPECT_TRUE(Reconcile({Propose("svc:alpha/imap", failures)}, 10).empty());
  const auto changes = Reconcile({Propose("svc:alpha/imap", failures)}, 40);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ChangeKind::kUpdated);
  EXPECT_EQ(book_.open().size(), 1u);
}

TEST_F(IncidentBookTest, WhatIsPartOfAnOpenFaultOpensNothingAndIsNamed) {
  const std::vector<FailureId> all = Fail(1, "imap", kImap);
  const std::vector<FailureId> part = Fail(3, "smtp", kSmtp);
  const Proposal whole = Propose("provider:alpha", all);
  Reconcile({whole, Propose("svc:alpha/smtp", part)}, 5);
  Reconcile({whole, Propose("svc:alpha/smtp", part)}, 6);
  ASSERT_EQ(book_.open().size(), 1u);
  const OpenIncident& open = book_.open().begin()->second;
  EXPECT_EQ(open.also, std::set<ComponentId>{s_.Id("svc:alpha/smtp")});
  EXPECT_THAT(open.incident.verdict.explanation, HasSubstr("Part of it: SMTP at alpha."));
}

TEST_F(IncidentBookTest, WhatWasToldApartBecomesPartOfWhatGrowsOverIt) {
  const std::vector<FailureId> imap = Fail(1, "imap", kImap);
  const std::vector<FailureId> smtp = Fail(300, "smtp", kSmtp);
  Reconcile({Propose("svc:alpha/imap", imap)}, 5);
  Proposal later = Propose("svc:alpha/smtp", smtp);
  later.started = ToTime(300);
  Reconcile({Propose("svc:alpha/imap", imap), later}, 310);
  ASSERT_EQ(book_.open().size(), 2u);
  std::vector<FailureId> all = imap;
  all.insert(all.end(), smtp.begin(), smtp.end());
  Reconcile({Propose("provider:alpha", all)}, 400);
  ASSERT_EQ(book_.open().size(), 1u);
  const Incident& whole = book_.open().begin()->second.incident;
  EXPECT_EQ(whole.verdict.component.Text(), "provider:alpha");
  EXPECT_EQ(whole.opened, ToTime(5));
}

TEST_F(IncidentBookTest, UnrelatedFaultsAreApart) {
  const Proposal one = Propose("svc:alpha/imap", Fail(1, "imap", {"svc:alpha/imap"}));
  Proposal two = Propose("svc:beta/imap", Fail(1, "beta", {"svc:beta/imap"}));
  two.verdict.provider = "beta";
  EXPECT_EQ(Reconcile({one, two}, 5).size(), 2u);
  EXPECT_EQ(book_.open().size(), 2u);
}

TEST_F(IncidentBookTest, ALocalFaultDoesNotTakeOverARealOne) {
  const std::vector<std::string> route = {"svc:alpha/imap", "path:as-eu>alpha"};
  const std::vector<FailureId> failures = Fail(1, "imap", route);
  Reconcile({Propose("svc:alpha/imap", failures)}, 3);
  EXPECT_TRUE(Reconcile({Propose("path:as-eu>alpha", failures)}, 100).empty());
  EXPECT_TRUE(book_.IsOpen(MakeRef("svc:alpha/imap")));
  EXPECT_EQ(book_.open().size(), 1u);
}

TEST_F(IncidentBookTest, ClosesWhenItPassesAndSettlesItsFailures) {
  const std::vector<FailureId> failures = Fail(1, "imap", kImap);
  Reconcile({Propose("svc:alpha/imap", failures)}, 3);
  const auto over = Recover(10, "imap", kImap, 20);
  ASSERT_EQ(over.size(), 1u);
  EXPECT_EQ(over[0].kind, ChangeKind::kResolved);
  EXPECT_EQ(over[0].incident.ended, ToTime(9));  // when the first run that passed began
  EXPECT_EQ(over[0].incident.history.back().text,
            "resolved: passes again from eu, us, no failure since 00:00:02Z");
  EXPECT_EQ(book_.TakeSettled(), failures);
  EXPECT_TRUE(book_.TakeSettled().empty());
  EXPECT_TRUE(book_.Blamed().empty());
}

TEST_F(IncidentBookTest, ARunThatBeganWhileItLastedIsAStraggler) {
  Reconcile({Propose("svc:alpha/imap", Fail(1, "imap", kImap))}, 3);
  Recover(10, "imap", kImap, 20);
  const auto began = [&](double second) {
    Reading reading = s_.log.At(0).reading;
    reading.began = second;
    return reading;
  };
  EXPECT_TRUE(book_.IsStraggler(began(8)));
  EXPECT_TRUE(book_.IsStraggler(began(18)));
  EXPECT_FALSE(book_.IsStraggler(began(60)));
}

TEST_F(IncidentBookTest, OpensAgainUnderTheSameIdForTwentyMinutes) {
  const auto fail = [&](double at) { return Propose("svc:alpha/imap", Fail(at, "imap", kImap)); };
  const std::string id = Reconcile({fail(1)}, 3).at(0).incident.id;
  Recover(10, "imap", kImap, 60);
  const auto again = Reconcile({fail(1200)}, 1230);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].kind, ChangeKind::kOpened);
  EXPECT_EQ(again[0].incident.id, id);
  EXPECT_EQ(again[0].incident.ended, std::nullopt);
  EXPECT_EQ(Recover(1240, "imap", kImap, 1400).size(), 1u);
  EXPECT_NE(Reconcile({fail(2700)}, 2701).at(0).incident.id, id);
}

TEST_F(IncidentBookTest, ResolvesWithTheVerdictAsItWasLastSeenFailing) {
  Proposal proposal = Propose("svc:alpha/imap", Fail(1, "imap", kImap));
  proposal.verdict.explanation = "From 2 of 2.";
  Reconcile({proposal}, 3);
  proposal.verdict.scope = {{.region = "eu", .healthy = 1}, {.region = "us", .failing = 1}};
  proposal.verdict.explanation = "From 1 of 2.";
  Reconcile({proposal}, 30);
  proposal.verdict.scope = {{.region = "eu", .healthy = 1}, {.region = "us", .healthy = 1}};
  proposal.verdict.explanation = "From 0 of 2.";
  Reconcile({proposal}, 31);
  EXPECT_EQ(book_.open().begin()->second.incident.verdict.explanation, "From 1 of 2.");
  EXPECT_EQ(Recover(32, "imap", kImap, 40).at(0).incident.verdict.explanation, "From 2 of 2.");
}

// As passes come in, the share that seems to fail falls, and each pass would count for less.
TEST_F(IncidentBookTest, AFaultThatEbbsIsJudgedAsItWas) {
  Proposal proposal = Propose("svc:alpha/imap", Fail(1, "imap", kImap));
  Reconcile({proposal}, 3);
  proposal.verdict.scope = {{.region = "eu", .healthy = 1}, {.region = "us", .healthy = 1}};
  proposal.share = 0.1;
  Reconcile({proposal}, 10);
  EXPECT_EQ(Recover(11, "imap", kImap, 60).size(), 1u);
}

TEST_F(IncidentBookTest, AnotherCauseThatIsNamedIsAnotherFault) {
  const std::string id =
      Reconcile({Propose("svc:alpha/imap", Fail(1, "imap", kImap))}, 3).at(0).incident.id;
  ASSERT_EQ(Recover(10, "imap", kImap, 20).size(), 1u);
  Proposal expired = Propose("cert:alpha/imap", Fail(30, "imap", kImap));
  expired.verdict.klass = FailureClass::kTlsCertExpired;
  EXPECT_NE(Reconcile({expired}, 31).at(0).incident.id, id);
}

TEST_F(IncidentBookTest, MadeUpLocalFaultsAreBoundedAndKeepNoRealOneOut) {
  std::vector<Proposal> proposals;
  for (int i = 0; i < 600; ++i) {
    Proposal local = Propose(Concat("resolver:made-up-", i));
    local.verdict.level = VerdictLevel::kLocal;
    local.alerting = false;
    proposals.push_back(local);
  }
  EXPECT_EQ(Reconcile(proposals, 3).size(), 500u);
  EXPECT_EQ(Reconcile({Propose("svc:alpha/imap")}, 4).size(), 1u);
}

TEST_F(IncidentBookTest, RestoredIncidentsKeepTheirIdentity) {
  const Incident incident = Reconcile({Propose("svc:alpha/imap")}, 1).at(0).incident;
  IncidentBook after(s_.catalog);
  after.Restore({incident}, {});
  for (const IncidentChange& change : after.Reconcile({Propose("svc:alpha/imap")}, s_.At(90))) {
    EXPECT_EQ(change.kind, ChangeKind::kUpdated);
    EXPECT_EQ(change.incident.id, incident.id);
  }
  EXPECT_EQ(after.open().size(), 1u);
}

TEST_F(IncidentBookTest, WhatWasResolvedBeforeARestartComesBackAsTheSame) {
  const Incident opened = Reconcile({Propose("svc:alpha/imap")}, 1).at(0).incident;
  Incident resolved = opened;
  resolved.state = IncidentState::kResolved;
  resolved.ended = resolved.updated = ToTime(60);
  IncidentBook after(s_.catalog);
  after.Restore({}, {resolved});
  Proposal again = Propose("svc:alpha/imap");
  again.started = ToTime(80);
  const auto changes = after.Reconcile({again}, s_.At(90));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ChangeKind::kOpened);
  EXPECT_EQ(changes[0].incident.id, opened.id);
  EXPECT_EQ(changes[0].incident.reopened, ToTime(80));
}

TEST_F(IncidentBookTest, ARestoredIncidentWhoseFailuresAreForgottenEndsWithPasses) {
  Incident incident = Reconcile({Propose("svc:alpha/imap")}, 1).at(0).incident;
  incident.verdict.failing_share = 1;
  IncidentBook after(s_.catalog);
  after.Restore({incident}, {});
  EXPECT_TRUE(Recover(after, 3000, "imap", {"svc:beta/imap"}, 3010).empty());
  EXPECT_EQ(Recover(after, 3020, "imap", kImap, 3030).size(), 1u);
}

TEST_F(IncidentBookTest, GravityGrowsAtOnceAndEasesSlowly) {
  Proposal proposal = Propose("svc:alpha/imap");
  Reconcile({proposal}, 1);
  proposal.verdict.severity = Severity::kSev1;
  EXPECT_EQ(Reconcile({proposal}, 2).at(0).incident.verdict.severity, Severity::kSev1);
  proposal.verdict.severity = Severity::kSev3;
  EXPECT_TRUE(Reconcile({proposal}, 20).empty());
  proposal.verdict.severity = Severity::kSev1;
  EXPECT_TRUE(Reconcile({proposal}, 50).empty());
  proposal.verdict.severity = Severity::kSev3;
  EXPECT_TRUE(Reconcile({proposal}, 60).empty());
  Reconcile({proposal}, 119);
  EXPECT_EQ(book_.open().begin()->second.incident.verdict.severity, Severity::kSev1);
  EXPECT_EQ(Reconcile({proposal}, 120).at(0).incident.verdict.severity, Severity::kSev3);
}

TEST_F(IncidentBookTest, HistoryIsBoundedAndKeepsItsBeginning) {
  Proposal proposal = Propose("svc:alpha/imap");
  for (int i = 0; i < 500; ++i) {
    proposal.verdict.scope = {{.region = "eu", .failing = 1},
                              {.region = "us", .failing = i % 2, .healthy = 1}};
    Reconcile({proposal}, 1 + i);
  }
  const Incident& incident = book_.open().begin()->second.incident;
  EXPECT_EQ(incident.history.size(), 200u);
  EXPECT_THAT(incident.history.front().text, HasSubstr("opened"));
}

TEST_F(IncidentBookTest, AConditionOfTheFleetIsOverWhenItIsNoLongerProposed) {
  Proposal proposal = Propose("agent:eu");
  proposal.of_fleet = true;
  proposal.alerting = false;
  Reconcile({proposal}, 1);
  EXPECT_TRUE(book_.CloseWhatIsOver(s_.At(20)).empty());
  EXPECT_EQ(book_.CloseWhatIsOver(s_.At(21)).at(0).kind, ChangeKind::kResolved);
}

}  // namespace
}  // namespace postwatch::collector
