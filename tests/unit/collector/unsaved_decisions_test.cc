#include "collector/unsaved_decisions.h"

#include <gtest/gtest.h>

#include "collector/store/sqlite_store.h"
#include "tests/contract/store_samples.h"
#include "tests/support/fake_store.h"

namespace postwatch::collector {
namespace {

class UnsavedDecisionsTest : public testing::Test {
 protected:
  std::vector<std::string> Pending() {
    std::vector<std::string> ids;
    const auto pending = store.PendingDeliveries(100);
    EXPECT_TRUE(pending.ok()) << pending.status();
    for (const Delivery& delivery : pending.value()) ids.push_back(delivery.id);
    return ids;
  }

  FakeStore store{OpenSqliteStore(":memory:").value()};
  UnsavedDecisions unsaved;
  Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
};

using Ids = std::vector<std::string>;

TEST_F(UnsavedDecisionsTest, NothingIsSavedWithoutAsking) {
  EXPECT_TRUE(unsaved.SaveTo(store).ok());
  EXPECT_EQ(Pending(), Ids());
}

TEST_F(UnsavedDecisionsTest, WaitsUntilTheStoreCanBeWritten) {
  store.FailWrites(absl::ResourceExhaustedError("full"));
  const Delivery later = MakeDelivery("al-a", "mail", incident);
  const Delivery first = MakeDelivery("al-b", "mail", incident);
  unsaved.Add({.incidents = {incident}, .deliveries = {first}});
  EXPECT_TRUE(absl::IsResourceExhausted(unsaved.SaveTo(store)));
  incident.state = IncidentState::kResolved;
  unsaved.Add({.incidents = {incident}, .deliveries = {later, first}});
  EXPECT_TRUE(absl::IsResourceExhausted(unsaved.SaveTo(store)));

  store.FailWrites(absl::OkStatus());
  EXPECT_TRUE(unsaved.SaveTo(store).ok());
  EXPECT_EQ(Pending(), Ids({first.id, later.id}));
  const auto incidents = store.Incidents({});
  ASSERT_EQ(incidents->size(), 1u);
  EXPECT_EQ(incidents->front().state, IncidentState::kResolved);
}

TEST_F(UnsavedDecisionsTest, WhatWasSentMeanwhileIsNotSentAgain) {
  const Delivery sent = MakeDelivery("al-a", "mail", incident);
  const Delivery not_yet = MakeDelivery("al-b", "mail", incident);
  unsaved.Add({.incidents = {incident}, .deliveries = {sent, not_yet}});
  const absl::Time now = ContractTime();
  EXPECT_TRUE(
      unsaved.Record({.delivery_id = sent.id, .settled = true, .at = now, .retry_at = now}));
  EXPECT_TRUE(
      unsaved.Record({.delivery_id = not_yet.id, .at = now, .retry_at = now, .error = "?"}));
  EXPECT_FALSE(unsaved.Record({.delivery_id = "al-c/mail", .settled = true}));
  EXPECT_TRUE(unsaved.SaveTo(store).ok());
  EXPECT_EQ(Pending(), Ids({not_yet.id}));
  EXPECT_EQ(store.PendingDeliveries(1)->front().attempts, 1);
  // Saved is saved.
  EXPECT_FALSE(unsaved.Record({.delivery_id = not_yet.id, .settled = true}));
  EXPECT_TRUE(unsaved.SaveTo(store).ok());
}

}  // namespace
}  // namespace postwatch::collector
