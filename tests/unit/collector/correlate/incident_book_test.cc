#include "collector/correlate/incident_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const absl::Time kStart = absl::FromUnixSeconds(1800000000);

absl::Time At(double second) { return kStart + absl::Seconds(second); }

Proposal Propose(const std::string& kind, const std::string& name, std::set<CellKey> cells) {
  Proposal proposal{.started = At(0), .alerting = true, .cells = std::move(cells)};
  proposal.verdict.component = {kind, name};
  proposal.verdict.level = VerdictLevel::kReal;
  proposal.verdict.klass = FailureClass::kTcpRefused;
  proposal.verdict.severity = Severity::kSev2;
  proposal.verdict.provider = "alpha";
  proposal.verdict.evidence.classes = {{"tcp_refused", 3}};
  return proposal;
}

const std::set<CellKey> kImap = {{"eu", "imap"}, {"us", "imap"}};
const std::set<CellKey> kAll = {{"eu", "imap"}, {"us", "imap"}, {"eu", "smtp"}, {"us", "smtp"}};

TEST(IncidentBookTest, TheIdIsAFunctionOfWhatOpenedIt) {
  IncidentBook a, b, c;
  const Proposal proposal = Propose("svc", "alpha/imap", kImap);
  const std::string id = a.Reconcile({proposal}, At(1)).at(0).incident.id;
  EXPECT_THAT(id, MatchesRegex("inc-[0-9a-f]+"));
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(b.Reconcile({proposal}, At(1)).at(0).incident.id, id);
  EXPECT_NE(c.Reconcile({proposal}, At(2)).at(0).incident.id, id);
}

TEST(IncidentBookTest, SaysNothingWhileNothingChanges) {
  IncidentBook book;
  const Proposal proposal = Propose("svc", "alpha/imap", kImap);
  EXPECT_EQ(book.Reconcile({proposal}, At(1)).size(), 1u);
  EXPECT_TRUE(book.Reconcile({proposal}, At(2)).empty());
}

TEST(IncidentBookTest, ABroaderComponentTakesOver) {
  IncidentBook book;
  const std::string id =
      book.Reconcile({Propose("svc", "alpha/imap", kImap)}, At(1)).at(0).incident.id;
  const auto changes = book.Reconcile({Propose("provider", "alpha", kAll)}, At(5));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ChangeKind::kUpdated);
  EXPECT_EQ(changes[0].incident.id, id);
  EXPECT_THAT(changes[0].incident.history.back().text,
              HasSubstr("now provider:alpha (was svc:alpha/imap)"));
}

TEST(IncidentBookTest, ANarrowerOneTakesOverOnlyAfterAWhile) {
  IncidentBook book;
  book.Reconcile({Propose("provider", "alpha", kAll)}, At(1));
  EXPECT_TRUE(book.Reconcile({Propose("svc", "alpha/imap", kImap)}, At(10)).empty());
  const auto changes = book.Reconcile({Propose("svc", "alpha/imap", kImap)}, At(40));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ChangeKind::kUpdated);
}

TEST(IncidentBookTest, ChildrenAreMergedIntoTheOldest) {
  IncidentBook book;
  Proposal imap = Propose("svc", "alpha/imap", kImap);
  imap.verdict.leg = Leg::kAccess;
  Proposal smtp = Propose("svc", "alpha/smtp", {{"eu", "smtp"}, {"us", "smtp"}});
  smtp.verdict.leg = Leg::kInbound;
  const std::string oldest = book.Reconcile({imap}, At(1)).at(0).incident.id;
  const std::string child = book.Reconcile({imap, smtp}, At(5)).at(0).incident.id;
  const auto changes = book.Reconcile({Propose("provider", "alpha", kAll)}, At(9));
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].incident.id, oldest);
  EXPECT_EQ(changes[1].incident.id, child);
  EXPECT_EQ(changes[1].kind, ChangeKind::kResolved);
  EXPECT_THAT(changes[1].incident.history.back().text, HasSubstr("the same fault as " + oldest));
}

TEST(IncidentBookTest, OpensAgainUnderTheSameIdWithinTenMinutes) {
  IncidentBook book;
  const Proposal proposal = Propose("svc", "alpha/imap", kImap);
  const std::string id = book.Reconcile({proposal}, At(1)).at(0).incident.id;
  book.Resolve(id, At(50), "over", At(60));
  const auto again = book.Reconcile({proposal}, At(600));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].kind, ChangeKind::kOpened);
  EXPECT_EQ(again[0].incident.id, id);
  EXPECT_EQ(again[0].incident.ended, std::nullopt);
  book.Resolve(id, At(650), "over", At(660));
  EXPECT_NE(book.Reconcile({proposal}, At(1300)).at(0).incident.id, id);
}

TEST(IncidentBookTest, AnotherNameForFailuresAlreadyExplainedOpensNothing) {
  IncidentBook book;
  Proposal submission = Propose("svc", "alpha/submission", kAll);
  submission.verdict.leg = Leg::kSubmission;
  submission.also = {{"svc", "alpha/smtp"}};
  submission.newest = At(30);
  const std::string id = book.Reconcile({submission}, At(31)).at(0).incident.id;
  Proposal other = Propose("site", "host", {{"eu", "smtp"}, {"us", "smtp"}});
  other.verdict.leg = Leg::kInbound;
  other.newest = At(32);
  book.Reconcile({submission, other}, At(33));
  EXPECT_EQ(book.open().size(), 1u);
  other.newest = At(50);
  book.Reconcile({submission, other}, At(51));
  EXPECT_EQ(book.open().size(), 2u);
  book.Resolve(id, At(60), "over", At(61));
  const std::vector<SettledFault> settled = book.Settled(At(62));
  ASSERT_FALSE(settled.empty());
  EXPECT_TRUE(settled[0].also.contains({"svc", "alpha/smtp"}));
  EXPECT_EQ(settled[0].cells, kAll);
}

TEST(IncidentBookTest, ResolvesWithTheVerdictAsItWasLastSeenFailing) {
  IncidentBook book;
  Proposal proposal = Propose("svc", "alpha/imap", kImap);
  proposal.verdict.scope = {{.region = "eu", .failing = 1}, {.region = "us", .failing = 1}};
  proposal.verdict.explanation = "From 2 of 2.";
  const std::string id = book.Reconcile({proposal}, At(1)).at(0).incident.id;
  proposal.verdict.scope = {{.region = "eu", .healthy = 1}, {.region = "us", .failing = 1}};
  proposal.verdict.explanation = "From 1 of 2.";
  book.Reconcile({proposal}, At(30));
  proposal.verdict.scope = {{.region = "eu", .healthy = 1}, {.region = "us", .healthy = 1}};
  proposal.verdict.explanation = "From 0 of 2.";
  book.Reconcile({proposal}, At(31));
  EXPECT_EQ(book.open().at(id).incident.verdict.explanation, "From 1 of 2.");
  const Incident over = book.Resolve(id, At(30), "over", At(33)).incident;
  EXPECT_EQ(over.verdict.explanation, "From 2 of 2.");
  EXPECT_EQ(over.history.back().text, "resolved: over");
}

TEST(IncidentBookTest, RestoredIncidentsKeepTheirIdentity) {
  IncidentBook before, after;
  const Proposal proposal = Propose("svc", "alpha/imap", kImap);
  const Incident incident = before.Reconcile({proposal}, At(1)).at(0).incident;
  after.Restore({incident});
  for (const IncidentChange& change : after.Reconcile({proposal}, At(90))) {
    EXPECT_EQ(change.kind, ChangeKind::kUpdated);
    EXPECT_EQ(change.incident.id, incident.id);
  }
  EXPECT_EQ(after.open().size(), 1u);
}

TEST(IncidentBookTest, GravityGrowsAtOnceAndEasesSlowly) {
  IncidentBook book;
  Proposal proposal = Propose("svc", "alpha/imap", kImap);
  book.Reconcile({proposal}, At(1));
  proposal.verdict.severity = Severity::kSev1;
  EXPECT_EQ(book.Reconcile({proposal}, At(2)).at(0).incident.verdict.severity, Severity::kSev1);
  proposal.verdict.severity = Severity::kSev3;
  EXPECT_TRUE(book.Reconcile({proposal}, At(20)).empty());
  EXPECT_EQ(book.Reconcile({proposal}, At(63)).at(0).incident.verdict.severity, Severity::kSev3);
}

TEST(IncidentBookTest, HistoryIsBoundedAndKeepsItsBeginning) {
  IncidentBook book;
  Proposal proposal = Propose("svc", "alpha/imap", kImap);
  for (int i = 0; i < 500; ++i) {
    proposal.verdict.scope = {{.region = "eu", .failing = 1},
                              {.region = "us", .failing = i % 2, .healthy = 1}};
    book.Reconcile({proposal}, At(i));
  }
  const Incident& incident = book.open().begin()->second.incident;
  EXPECT_EQ(incident.history.size(), 200u);
  EXPECT_THAT(incident.history.front().text, HasSubstr("opened"));
}

}  // namespace
}  // namespace postwatch::collector
