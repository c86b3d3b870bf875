#include "collector/state.h"

#include <gtest/gtest.h>

#include "collector/store/open_store.h"
#include "tests/contract/store_samples.h"

namespace postwatch::collector {
namespace {

using Words = std::vector<std::string>;

constexpr absl::Duration kWindow = absl::Minutes(10);

class ReadStateTest : public testing::Test {
 protected:
  Incident Stored(const std::string& id, absl::Duration after, IncidentState state) {
    Incident incident = MakeIncident(id, after);
    incident.state = state;
    incident.alerting = true;
    Decision decision;
    decision.incidents.push_back(incident);
    decision.deliveries.push_back(MakeDelivery(id + "/1", "chat", incident));
    EXPECT_TRUE(store->Commit(decision).ok());
    return incident;
  }

  SavedState Read(absl::Time now) {
    absl::StatusOr<SavedState> state = ReadState(*store, now, kWindow, plan);
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? *std::move(state) : SavedState();
  }

  FleetPlan plan;
  std::unique_ptr<Store> store = OpenStore("sqlite::memory:").value();
};

TEST_F(ReadStateTest, OfAnEmptyStoreIsEmpty) {
  const SavedState state = Read(ContractTime());
  EXPECT_TRUE(state.engine.open.empty());
  EXPECT_TRUE(state.engine.recent.empty());
  EXPECT_TRUE(state.engine.recently_resolved.empty());
  EXPECT_TRUE(state.engine.last_alerts.empty());
  EXPECT_TRUE(state.engine.agents.empty());
  EXPECT_TRUE(state.pending.empty());
}

TEST_F(ReadStateTest, TakesTheSightingsOfTheWindowOldestFirst) {
  ASSERT_TRUE(
      store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2), MakeSighting("a1", 3)}).ok());
  const SavedState state = Read(ContractTime() + absl::Seconds(2) + kWindow);
  EXPECT_EQ(Sequences(state.engine.recent), (std::vector<uint64_t>{2, 3}));
}

TEST_F(ReadStateTest, TakesTheLastWordOfEachAgentOnChecksThatRunRarely) {
  ASSERT_TRUE(
      store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2), MakeSighting("a2", 3)}).ok());
  CheckSpec check{.id = "alpha.test/smtp.mx", .leg = Leg::kInbound, .interval = absl::Hours(1)};
  check.timeout = absl::ZeroDuration();
  plan.checks = {check};
  const absl::Time fresh_until = ContractTime() + absl::Seconds(2) + absl::Hours(3);
  EXPECT_EQ(Sequences(Read(fresh_until).engine.earlier), (std::vector<uint64_t>{3, 2}));
  EXPECT_TRUE(Read(fresh_until).engine.recent.empty());
  EXPECT_EQ(Sequences(Read(fresh_until + absl::Seconds(1)).engine.earlier),
            (std::vector<uint64_t>{3}));
  plan.checks[0].interval = absl::Minutes(3);  // fresh for less than the window
  EXPECT_TRUE(Read(ContractTime() + kWindow).engine.earlier.empty());
  plan.checks.clear();
  EXPECT_TRUE(Read(fresh_until).engine.earlier.empty());
}

TEST_F(ReadStateTest, TakesWhatIsOpenAndWhatIsBarelyOver) {
  Stored("inc-open", absl::ZeroDuration(), IncidentState::kOpen);
  Stored("inc-over", absl::Minutes(1), IncidentState::kResolved);
  Stored("inc-long-over", absl::Seconds(10), IncidentState::kResolved);
  const SavedState state = Read(ContractTime() + absl::Minutes(1) + kWindow - absl::Seconds(1));
  EXPECT_EQ(Ids(state.engine.open), Words{"inc-open"});
  EXPECT_EQ(Ids(state.engine.recently_resolved), Words{"inc-over"});
  ASSERT_EQ(state.engine.last_alerts.size(), 1u);
  EXPECT_EQ(state.engine.last_alerts[0].id, "inc-open/1");
}

TEST_F(ReadStateTest, TakesAgentsAndWhatWasNotDelivered) {
  AgentRecord agent;
  agent.vantage.agent = "eu-1";
  ASSERT_TRUE(store->SaveAgent(agent).ok());
  Stored("inc-a", absl::ZeroDuration(), IncidentState::kOpen);
  Stored("inc-b", absl::Seconds(1), IncidentState::kResolved);
  ASSERT_TRUE(
      store->RecordDelivery("inc-a/1/chat", true, ContractTime(), absl::InfiniteFuture(), "").ok());
  const SavedState state = Read(ContractTime());
  ASSERT_EQ(state.engine.agents.size(), 1u);
  EXPECT_EQ(state.engine.agents[0].vantage.agent, "eu-1");
  EXPECT_EQ(Ids(state.pending), Words{"inc-b/1/chat"});
}

}  // namespace
}  // namespace postwatch::collector
