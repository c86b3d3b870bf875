#include "agent/probes/sqlite_ledger.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace postwatch::agent {
namespace {

class SqliteLedgerTest : public ::testing::Test {
 protected:
  LedgerEntry Entry(std::string id, std::string check = "c1") {
    return {std::move(id), "o1", std::move(check), "r1", clock_.Now(), false};
  }
  std::vector<std::string> InFlight(const std::string& check) {
    std::vector<std::string> ids;
    const auto entries = ledger_->InFlight(check);
    EXPECT_TRUE(entries.ok());
    for (const LedgerEntry& entry : *entries) ids.push_back(entry.probe_id);
    return ids;
  }

  FakeClock clock_;
  std::unique_ptr<Ledger> ledger_ = *OpenSqliteLedger(":memory:", clock_);
};

TEST_F(SqliteLedgerTest, KeepsWhatBecameOfALetter) {
  ASSERT_TRUE(ledger_->Sent(Entry("p1")).ok());
  ASSERT_TRUE(ledger_->Note("p1", LetterEvent::kReportedMissing).ok());
  auto found = ledger_->Find("p1");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->observation_id, "o1");
  EXPECT_EQ((*found)->check_id, "c1");
  EXPECT_EQ((*found)->route, "r1");
  EXPECT_EQ((*found)->sent, clock_.Now());
  EXPECT_TRUE((*found)->reported_missing);
  EXPECT_FALSE((*found)->reported_lost || (*found)->delivered || (*found)->settled);
  ASSERT_TRUE(ledger_->Note("p1", LetterEvent::kReportedLost).ok());
  ASSERT_TRUE(ledger_->Note("p1", LetterEvent::kDelivered).ok());
  ASSERT_TRUE(ledger_->Note("p1", LetterEvent::kAmended).ok());
  found = ledger_->Find("p1");
  EXPECT_FALSE((*found)->reported_missing);
  EXPECT_TRUE((*found)->reported_lost && (*found)->delivered);
}

TEST_F(SqliteLedgerTest, ASettledLetterIsKnownButNotInFlight) {
  ASSERT_TRUE(ledger_->Sent(Entry("p1")).ok());
  ASSERT_TRUE(ledger_->Note("p1", LetterEvent::kSettled).ok());
  EXPECT_TRUE(InFlight("c1").empty());
  ASSERT_TRUE(ledger_->Find("p1")->has_value());
  EXPECT_TRUE((*ledger_->Find("p1"))->settled);
}

TEST_F(SqliteLedgerTest, TellsWhetherOtherChecksDeliver) {
  const absl::Time before = clock_.Now();
  ASSERT_TRUE(ledger_->Sent(Entry("mine")).ok());
  ASSERT_TRUE(ledger_->Note("mine", LetterEvent::kDelivered).ok());
  ASSERT_TRUE(ledger_->Sent(Entry("other", "c2")).ok());
  EXPECT_FALSE(*ledger_->OthersDeliver("c1", before));
  ASSERT_TRUE(ledger_->Note("other", LetterEvent::kDelivered).ok());
  EXPECT_TRUE(*ledger_->OthersDeliver("c1", before));
  EXPECT_FALSE(*ledger_->OthersDeliver("c1", before + absl::Seconds(1)));
}

TEST_F(SqliteLedgerTest, RefusesAReusedId) {
  ASSERT_TRUE(ledger_->Sent(Entry("p1")).ok());
  EXPECT_EQ(ledger_->Sent(Entry("p1")).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(SqliteLedgerTest, ListsACheckOldestFirst) {
  ASSERT_TRUE(ledger_->Sent(Entry("b")).ok());
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(ledger_->Sent(Entry("a")).ok());
  ASSERT_TRUE(ledger_->Sent(Entry("x", "c2")).ok());
  EXPECT_EQ(InFlight("c1"), (std::vector<std::string>{"b", "a"}));
}

TEST_F(SqliteLedgerTest, ForgetsAfterSevenDays) {
  ASSERT_TRUE(ledger_->Sent(Entry("p1")).ok());
  clock_.Advance(absl::Hours(7 * 24) - absl::Seconds(1));
  EXPECT_EQ(InFlight("c1").size(), 1u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(InFlight("c1").size(), 0u);
  EXPECT_FALSE(ledger_->Find("p1")->has_value());
}

TEST_F(SqliteLedgerTest, AnUnknownIdIsNoError) {
  EXPECT_TRUE(ledger_->Note("none", LetterEvent::kSettled).ok());
  EXPECT_FALSE(ledger_->Find("none")->has_value());
}

TEST_F(SqliteLedgerTest, KeepsANoteOfACheckUnderItsKey) {
  EXPECT_EQ(*ledger_->Recall("c1", "k"), "");
  ASSERT_TRUE(ledger_->Keep("c1", "k", "one").ok());
  ASSERT_TRUE(ledger_->Keep("c1", "other", "two").ok());
  ASSERT_TRUE(ledger_->Keep("c2", "k", "three").ok());
  ASSERT_TRUE(ledger_->Keep("c1", "k", "four").ok());
  EXPECT_EQ(*ledger_->Recall("c1", "k"), "four");
  EXPECT_EQ(*ledger_->Recall("c1", "other"), "two");
  EXPECT_EQ(*ledger_->Recall("c2", "k"), "three");
  ASSERT_TRUE(ledger_->Keep("c1", "k", "").ok());
  ASSERT_TRUE(ledger_->Keep("c1", "k", "").ok());
  EXPECT_EQ(*ledger_->Recall("c1", "k"), "");
  EXPECT_EQ(*ledger_->Recall("c1", "other"), "two");
}

TEST_F(SqliteLedgerTest, ForgetsANoteAfter90Days) {
  ASSERT_TRUE(ledger_->Keep("c1", "k", "one").ok());
  clock_.Advance(absl::Hours(90 * 24) - absl::Seconds(1));
  EXPECT_EQ(*ledger_->Recall("c1", "k"), "one");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(*ledger_->Recall("c1", "k"), "");
}

TEST_F(SqliteLedgerTest, OfTooManyNotesTheOldestGoes) {
  for (int i = 0; i < 4097; ++i) {
    clock_.Advance(absl::Milliseconds(1));
    ASSERT_TRUE(ledger_->Keep("c1", std::to_string(i), "x").ok());
  }
  EXPECT_EQ(*ledger_->Recall("c1", "0"), "");
  EXPECT_EQ(*ledger_->Recall("c1", "1"), "x");
  EXPECT_EQ(*ledger_->Recall("c1", "4096"), "x");
}

TEST_F(SqliteLedgerTest, RefusesANoteThatIsTooLong) {
  EXPECT_TRUE(ledger_->Keep("c1", std::string(1024, 'k'), std::string(16384, 'x')).ok());
  EXPECT_EQ(ledger_->Keep("c1", "k", std::string(16385, 'x')).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ledger_->Keep("c1", std::string(1025, 'k'), "x").code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace postwatch::agent
