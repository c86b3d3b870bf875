// Store contract: what every Store promises, as one parameterised suite.
//
// A store's test file includes this, says how to make one, and instantiates the suite:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, testing::Values(MakeMemoryStore));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "collector/store/store.h"
#include "common/wire/convert.h"
#include "tests/contract/store_samples.h"

namespace postwatch::collector {

using MakeStore = std::unique_ptr<Store> (*)();

class StoreContract : public testing::TestWithParam<MakeStore> {
 protected:
  using Numbers = std::vector<uint64_t>;
  using Names = std::vector<std::string>;

  uint64_t Watermark(const std::string& agent, const std::string& spool_id) {
    absl::StatusOr<uint64_t> mark = store->Watermark(agent, spool_id);
    EXPECT_TRUE(mark.ok()) << mark.status();
    return mark.value_or(0);
  }

  std::unique_ptr<Store> store = GetParam()();
};

TEST_P(StoreContract, ASightingComesBackWhole) {
  Sighting in = MakeSighting("a1", 7);
  in.observation.outcome = Outcome::kFail;
  in.observation.failure = Failure{FailureClass::kSmtpAuthFailed, "auth", "rejected",
                                   Reply{535, "5.7.8", "bad credentials", "rfc4954"}};
  in.observation.steps = {{"connect", absl::Milliseconds(3)}};
  in.observation.touched = {{"mx", "mx1.alpha.test"}};
  in.observation.evidence.facts = {{"tls.version", "TLSv1.3"}};
  ASSERT_EQ(Sequences(store->Append({in})), Numbers({7}));
  absl::StatusOr<std::vector<Sighting>> out = store->Observations({});
  ASSERT_TRUE(out.ok()) << out.status();
  ASSERT_EQ(out->size(), 1u);
  const Sighting& s = out->front();
  EXPECT_EQ(s.observation, in.observation);
  EXPECT_EQ(s.vantage, in.vantage);
  EXPECT_EQ(s.provider, "own");
  EXPECT_EQ(s.leg, Leg::kInbound);
  EXPECT_EQ(s.spool_id, "spool-1");
  EXPECT_EQ(s.sequence, 7u);
  EXPECT_EQ(s.received, in.received);
}

TEST_P(StoreContract, ASightingsOwnBytesAreWhatComesBack) {
  Sighting in = MakeSighting("a1", 7);
  in.observation.evidence.transcript = {"S: 220 hi"};
  in.wire = SerializeObservation(in.observation) +
            std::string("\xfa\x7f\x02hi", 5);  // of a newer version
  absl::StatusOr<std::vector<Sighting>> appended = store->Append({in, MakeSighting("a1", 8)});
  ASSERT_EQ(Sequences(appended), Numbers({7, 8}));
  EXPECT_EQ(appended->front().observation, in.observation);
  absl::StatusOr<std::vector<Sighting>> out = store->Observations({.newest_first = false});
  ASSERT_TRUE(out.ok()) << out.status();
  ASSERT_EQ(out->size(), 2u);
  EXPECT_EQ(out->front().observation, in.observation);
  EXPECT_EQ(out->front().vantage, in.vantage);
  EXPECT_EQ(out->front().sequence, 7u);
  EXPECT_EQ(out->front().received, in.received);
  EXPECT_EQ(out->back().observation, MakeSighting("a1", 8).observation);
}

TEST_P(StoreContract, BatchesAreStoredTogetherAndEachKeepsWhatWasNew) {
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  std::vector<Sighting> batches[] = {
      {MakeSighting("a1", 1), MakeSighting("a1", 2)},
      {MakeSighting("a2", 1)},
      {MakeSighting("a1", 2), MakeSighting("a1", 3), MakeSighting("a2", 1)},
      {}};
  ASSERT_TRUE(store->AppendAll(absl::MakeSpan(batches)).ok());
  EXPECT_EQ(Sequences(batches[0]), Numbers({2}));
  EXPECT_EQ(Sequences(batches[1]), Numbers({1}));
  EXPECT_EQ(Sequences(batches[2]), Numbers({3}));
  EXPECT_EQ(Sequences(batches[3]), Numbers());
  EXPECT_EQ(Watermark("a1", "spool-1"), 3u);
  EXPECT_EQ(Watermark("a2", "spool-1"), 1u);
}

TEST_P(StoreContract, WhatWasStoredIsNotStoredAgain) {
  EXPECT_EQ(Watermark("a1", "spool-1"), 0u);
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2)})),
            Numbers({1, 2}));
  EXPECT_EQ(Watermark("a1", "spool-1"), 2u);
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 2), MakeSighting("a1", 3)})), Numbers({3}));
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 1), MakeSighting("a1", 3)})), Numbers());
  EXPECT_EQ(Watermark("a1", "spool-1"), 3u);
  EXPECT_EQ(Sequences(store->Observations({.newest_first = false})), Numbers({1, 2, 3}));
}

TEST_P(StoreContract, TwiceInOneAppendIsStoredOnce) {
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 4), MakeSighting("a1", 4)})), Numbers({4}));
}

TEST_P(StoreContract, AGapIsTakenAndWhatComesBehindItIsADuplicate) {
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 10), MakeSighting("a1", 5)})),
            Numbers({10}));
  EXPECT_EQ(Watermark("a1", "spool-1"), 10u);
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 9)})), Numbers());
}

TEST_P(StoreContract, EachSpoolOfEachAgentCountsByItself) {
  Sighting renewed = MakeSighting("a1", 1);
  renewed.spool_id = "spool-2";
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 5), MakeSighting("a2", 3), renewed})),
            Numbers({5, 3, 1}));
  EXPECT_EQ(Watermark("a1", "spool-1"), 5u);
  EXPECT_EQ(Watermark("a1", "spool-2"), 1u);
  EXPECT_EQ(Watermark("a2", "spool-1"), 3u);
  EXPECT_EQ(Watermark("a2", "spool-2"), 0u);
}

TEST_P(StoreContract, NothingIsAFineAppend) { EXPECT_EQ(Sequences(store->Append({})), Numbers()); }

TEST_P(StoreContract, QueriesRestrictByEachField) {
  Sighting other = MakeSighting("a2", 2);
  other.observation.check_id = "beta.test/dns";
  other.observation.target = "beta.test";
  other.observation.outcome = Outcome::kNotTested;
  other.observation.not_tested_reason = "budget";
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1), other, MakeSighting("a1", 3)}).ok());
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({3, 2, 1}));
  EXPECT_EQ(Sequences(store->Observations({.agent = "a2"})), Numbers({2}));
  EXPECT_EQ(Sequences(store->Observations({.target = "alpha.test"})), Numbers({3, 1}));
  EXPECT_EQ(Sequences(store->Observations({.check_id = "beta.test/dns"})), Numbers({2}));
  EXPECT_EQ(Sequences(store->Observations({.outcome = "not_tested"})), Numbers({2}));
  EXPECT_EQ(Sequences(store->Observations({.agent = "a1", .outcome = "not_tested"})), Numbers());
  EXPECT_EQ(Sequences(store->Observations({.limit = 2})), Numbers({3, 2}));
  EXPECT_EQ(Sequences(store->Observations({.newest_first = false, .limit = 2})), Numbers({1, 2}));
  EXPECT_EQ(store->Observations({.outcome = "sick"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreContract, TheSpanOfAQueryIncludesItsStartAndNotItsEnd) {
  ASSERT_TRUE(
      store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2), MakeSighting("a1", 3)}).ok());
  EXPECT_EQ(Sequences(store->Observations({.from = ContractTime() + absl::Seconds(2),
                                           .to = ContractTime() + absl::Seconds(3)})),
            Numbers({2}));
}

TEST_P(StoreContract, AnIncidentIsReplacedById) {
  Incident first = MakeIncident("inc-000000000001", absl::ZeroDuration());
  Incident second = MakeIncident("inc-000000000002", absl::Minutes(1));
  ASSERT_TRUE(store->Commit({.incidents = {first, second}}).ok());
  EXPECT_EQ(Ids(store->Incidents({})), Names({second.id, first.id}));
  first.state = IncidentState::kResolved;
  first.alerting = true;
  first.ended = first.opened + absl::Minutes(5);
  first.history = {{first.opened, "opened"}, {*first.ended, "recovered"}};
  ASSERT_TRUE(store->Commit({.incidents = {first}}).ok());
  EXPECT_EQ(Ids(store->Incidents({})), Names({second.id, first.id}));
  EXPECT_EQ(Ids(store->Incidents({.open_only = true})), Names({second.id}));
  EXPECT_EQ(Ids(store->Incidents({.limit = 1})), Names({second.id}));
  absl::StatusOr<std::optional<Incident>> found = store->FindIncident(first.id);
  ASSERT_TRUE(found.ok() && found->has_value()) << found.status();
  EXPECT_EQ(**found, first);
  found = store->FindIncident("inc-000000000003");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
}

TEST_P(StoreContract, ADeliveryIsQueuedOnceAndKeepsItsPlace) {
  Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  Delivery mail = MakeDelivery("al-1", "mail", incident);
  Delivery pager = MakeDelivery("al-1", "pager", incident);
  ASSERT_TRUE(store->Commit({.incidents = {incident}, .deliveries = {mail, pager}}).ok());
  ASSERT_TRUE(store->Commit({.deliveries = {pager, MakeDelivery("al-2", "mail", incident)}}).ok());
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), Names({"al-1/mail", "al-1/pager", "al-2/mail"}));
  EXPECT_EQ(Ids(store->PendingDeliveries(1)), Names({"al-1/mail"}));
  absl::StatusOr<std::vector<Delivery>> pending = store->PendingDeliveries(1);
  ASSERT_TRUE(pending.ok());
  EXPECT_EQ(pending->front().sink, "mail");
  EXPECT_EQ(pending->front().attempts, 0);
  EXPECT_EQ(pending->front().due, mail.due);
  EXPECT_EQ(pending->front().alert.dedup_key, "postwatch:inc-000000000001");
  EXPECT_EQ(pending->front().alert.incident, incident);
}

TEST_P(StoreContract, AFailedDeliveryStaysAndADeliveredOneIsFinal) {
  Incident incident = MakeIncident("inc-000000000001", absl::ZeroDuration());
  Delivery delivery = MakeDelivery("al-1", "mail", incident);
  ASSERT_TRUE(store->Commit({.incidents = {incident}, .deliveries = {delivery}}).ok());
  absl::Time now = ContractTime() + absl::Minutes(1);
  absl::Time retry = now + absl::Seconds(30);
  ASSERT_TRUE(store->RecordDelivery("al-1/mail", false, now, retry, "refused").ok());
  absl::StatusOr<std::vector<Delivery>> pending = store->PendingDeliveries(10);
  ASSERT_TRUE(pending.ok());
  ASSERT_EQ(pending->size(), 1u);
  EXPECT_EQ(pending->front().attempts, 1);
  EXPECT_EQ(pending->front().due, retry);
  ASSERT_TRUE(store->RecordDelivery("al-1/mail", true, retry, retry, "").ok());
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), Names());
  ASSERT_TRUE(store->RecordDelivery("al-1/mail", false, retry, retry, "late report").ok());
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), Names());
  ASSERT_TRUE(store->Commit({.deliveries = {delivery}}).ok());
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), Names());
  EXPECT_EQ(store->RecordDelivery("al-9/mail", true, now, now, "").code(),
            absl::StatusCode::kNotFound);
}

TEST_P(StoreContract, LastAlertsAreThoseOfOpenIncidents) {
  Incident open = MakeIncident("inc-000000000001", absl::ZeroDuration());
  Incident closed = MakeIncident("inc-000000000002", absl::Minutes(1));
  Delivery changed = MakeDelivery("al-2", "mail", open);
  changed.alert.event = AlertEvent::kChanged;
  ASSERT_TRUE(store
                  ->Commit({.incidents = {open, closed},
                            .deliveries = {MakeDelivery("al-1", "mail", open),
                                           MakeDelivery("al-3", "mail", closed), changed}})
                  .ok());
  ASSERT_TRUE(store->RecordDelivery("al-2/mail", true, ContractTime(), ContractTime(), "").ok());
  closed.state = IncidentState::kResolved;
  ASSERT_TRUE(store->Commit({.incidents = {closed}}).ok());
  absl::StatusOr<std::vector<Alert>> last = store->LastAlerts();
  ASSERT_TRUE(last.ok()) << last.status();
  ASSERT_EQ(last->size(), 1u);
  EXPECT_EQ(last->front().id, "al-2");
  EXPECT_EQ(last->front().event, AlertEvent::kChanged);
}

TEST_P(StoreContract, AgentsAreReplacedByName) {
  AgentRecord agent;
  agent.vantage = {"a1", "eu-west", "a", "AS64500", "192.0.2.53:53"};
  agent.version = "0.1.0";
  agent.first_heard = ContractTime();
  agent.last_heard = ContractTime();
  agent.clock_offset = absl::Milliseconds(-250);
  ASSERT_TRUE(store->SaveAgent(agent).ok());
  agent.connected = true;
  agent.spooled = 3;
  agent.problems = {"check x: no such kind"};
  ASSERT_TRUE(store->SaveAgent(agent).ok());
  AgentRecord before = agent;
  before.vantage.agent = "a0";
  ASSERT_TRUE(store->SaveAgent(before).ok());
  absl::StatusOr<std::vector<AgentRecord>> agents = store->Agents();
  ASSERT_TRUE(agents.ok()) << agents.status();
  ASSERT_EQ(agents->size(), 2u);
  EXPECT_EQ(agents->at(0).vantage.agent, "a0");
  const AgentRecord& read = agents->at(1);
  EXPECT_EQ(read.vantage, agent.vantage);
  EXPECT_EQ(read.version, "0.1.0");
  EXPECT_TRUE(read.connected);
  EXPECT_EQ(read.first_heard, ContractTime());
  EXPECT_EQ(read.clock_offset, absl::Milliseconds(-250));
  EXPECT_EQ(read.spooled, 3u);
  EXPECT_EQ(read.problems, agent.problems);
}

TEST_P(StoreContract, AForgottenAgentIsGoneWhatItSawStays) {
  AgentRecord retired, other;
  retired.vantage.agent = "a1";
  other.vantage.agent = "a2";
  ASSERT_TRUE(store->SaveAgent(retired).ok());
  ASSERT_TRUE(store->SaveAgent(other).ok());
  ASSERT_TRUE(store->Append({MakeSighting("a1", 1)}).ok());
  ASSERT_TRUE(store->ForgetAgent("a1").ok());
  EXPECT_TRUE(store->ForgetAgent("a1").ok());
  absl::StatusOr<std::vector<AgentRecord>> agents = store->Agents();
  ASSERT_TRUE(agents.ok()) << agents.status();
  ASSERT_EQ(agents->size(), 1u);
  EXPECT_EQ(agents->front().vantage.agent, "a2");
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({1}));
  EXPECT_EQ(Watermark("a1", "spool-1"), 1u);
}

TEST_P(StoreContract, ATokenIsSpentOnce) {
  const absl::Time expires = ContractTime() + absl::Hours(1);
  EXPECT_EQ(store->SpendToken("token-1", expires).value(), true);
  EXPECT_EQ(store->SpendToken("token-1", expires).value(), false);
  EXPECT_EQ(store->SpendToken("token-1", expires + absl::Hours(1)).value(), false);
  EXPECT_EQ(store->SpendToken("token-2", expires).value(), true);
}

TEST_P(StoreContract, ASpentTokenIsKeptUntilItExpires) {
  const absl::Time expires = ContractTime() + absl::Hours(1);
  ASSERT_TRUE(store->SpendToken("token-1", expires).ok());
  ASSERT_TRUE(store->Prune({.observations = expires}).ok());
  EXPECT_EQ(store->SpendToken("token-1", expires).value(), false);
  ASSERT_TRUE(store->Prune({.observations = expires + absl::Seconds(1)}).ok());
  EXPECT_EQ(store->SpendToken("token-1", expires).value(), true);
}

TEST_P(StoreContract, ThatItCanBeWrittenIsProvenWithoutATrace) {
  for (const int bytes : {1, 100000, 100000}) {
    EXPECT_TRUE(store->ProveWritable(bytes).ok());
    EXPECT_EQ(store->Agents()->size(), 0u);
    EXPECT_EQ(Sequences(store->Observations({})), Numbers());
  }
}

TEST_P(StoreContract, PruneForgetsTheOldAndKeepsTheWatermark) {
  ASSERT_TRUE(
      store->Append({MakeSighting("a1", 1), MakeSighting("a1", 2), MakeSighting("a1", 3)}).ok());
  absl::StatusOr<bool> more = store->Prune({.observations = ContractTime() + absl::Seconds(3)});
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_FALSE(*more);
  EXPECT_EQ(Sequences(store->Observations({})), Numbers({3}));
  EXPECT_EQ(Sequences(store->Append({MakeSighting("a1", 1)})), Numbers());
}

TEST_P(StoreContract, PruneStopsInBetweenAndSaysSo) {
  constexpr uint64_t kMany = 4500;
  std::vector<Sighting> many;
  for (uint64_t i = 1; i <= kMany; ++i) many.push_back(MakeSighting("a1", i));
  ASSERT_TRUE(store->Append(std::move(many)).ok());
  int steps = 1;
  absl::StatusOr<bool> more = store->Prune({.observations = absl::InfiniteFuture()});
  while (more.ok() && *more && steps < 100) {
    more = store->Prune({.observations = absl::InfiniteFuture()});
    ++steps;
  }
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_GT(steps, 1);
  EXPECT_EQ(Sequences(store->Observations({})), Numbers());
}

TEST_P(StoreContract, PruneForgetsDeliveredAlertsOfResolvedIncidentsOnly) {
  Incident open = MakeIncident("inc-000000000001", absl::ZeroDuration());
  Incident closed = MakeIncident("inc-000000000002", absl::ZeroDuration());
  closed.state = IncidentState::kResolved;
  ASSERT_TRUE(store
                  ->Commit({.incidents = {open, closed},
                            .deliveries = {MakeDelivery("al-1", "mail", open),
                                           MakeDelivery("al-2", "mail", closed),
                                           MakeDelivery("al-3", "mail", closed)}})
                  .ok());
  absl::Time then = ContractTime();
  ASSERT_TRUE(store->RecordDelivery("al-1/mail", true, then, then, "").ok());
  ASSERT_TRUE(store->RecordDelivery("al-2/mail", true, then, then, "").ok());
  ASSERT_TRUE(store->Prune({.observations = then + absl::Hours(1)}).ok());
  EXPECT_EQ(Ids(store->PendingDeliveries(10)), Names({"al-3/mail"}));
  absl::StatusOr<std::vector<Alert>> last = store->LastAlerts();
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->size(), 1u);
  EXPECT_EQ(store->RecordDelivery("al-2/mail", true, then, then, "").code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Ids(store->Incidents({})).size(), 2u);
}

}  // namespace postwatch::collector
