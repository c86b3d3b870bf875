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

TEST_F(SqliteLedgerTest, KeepsAnEntryUntilItIsSettled) {
  ASSERT_TRUE(ledger_->Sent(Entry("p1")).ok());
  ASSERT_TRUE(ledger_->ReportedMissing("p1").ok());
  const auto found = ledger_->Find("p1");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->observation_id, "o1");
  EXPECT_EQ((*found)->check_id, "c1");
  EXPECT_EQ((*found)->route, "r1");
  EXPECT_EQ((*found)->sent, clock_.Now());
  EXPECT_TRUE((*found)->reported_missing);
  ASSERT_TRUE(ledger_->Settle("p1").ok());
  EXPECT_FALSE(ledger_->Find("p1")->has_value());
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
  EXPECT_TRUE(ledger_->Settle("none").ok());
  EXPECT_TRUE(ledger_->ReportedMissing("none").ok());
  EXPECT_FALSE(ledger_->Find("none")->has_value());
}

}  // namespace
}  // namespace postwatch::agent
