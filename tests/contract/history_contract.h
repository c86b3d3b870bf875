// History contract: what every Store promises of summaries by the hour, and of what it forgets.
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, HistoryContract, testing::Values(MakeMemoryStore));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "collector/store/store.h"
#include "common/base/text.h"
#include "tests/contract/store_samples.h"

namespace postwatch::collector {

using MakeHistoryStore = std::unique_ptr<Store> (*)();

class HistoryContract : public testing::TestWithParam<MakeHistoryStore> {
 protected:
  using Lines = std::vector<std::string>;

  // The run number `sequence` of `agent`, that began so long after ContractTime and came in a
  // second later. ContractTime is 22:13:20.
  static Sighting Run(const std::string& agent, uint64_t sequence, absl::Duration after,
                      Outcome outcome = Outcome::kPass) {
    Sighting run = MakeSighting(agent, sequence);
    run.observation.started = ContractTime() + after;
    run.received = run.observation.started + absl::Seconds(1);
    run.observation.outcome = outcome;
    if (outcome == Outcome::kFail) {
      run.observation.failure = Failure{.klass = FailureClass::kTcpTimeout, .step = "connect"};
    }
    if (outcome == Outcome::kNotTested) run.observation.not_tested_reason = "budget";
    return run;
  }
  // Until there is no more to do.
  void Prune(const Horizon& before) {
    for (int i = 0; i < 50; ++i) {
      const absl::StatusOr<bool> more = store->Prune(before);
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) return;
    }
    FAIL() << "does not come to an end";
  }
  // Counts, and forgets nothing.
  void Count() { Prune({.observations = absl::InfinitePast()}); }
  // "22h a1 smtp.mx 2/1/0 tcp_timeout=1".
  Lines Told(HistoryQuery query = {.target = "alpha.test"}) {
    const absl::StatusOr<History> history = store->Summaries(query);
    EXPECT_TRUE(history.ok()) << history.status();
    Lines lines;
    if (!history.ok()) return lines;
    for (const auto& [key, hour] : history->hours) {
      lines.push_back(Concat(absl::FormatTime("%Hh ", key.hour, absl::UTCTimeZone()), key.agent,
                             " ", key.check_id.substr(key.check_id.find('/') + 1), " ", hour.passed,
                             "/", hour.failed, "/", hour.not_tested));
      for (const auto& [name, runs] : hour.classes) Append(lines.back(), " ", name, "=", runs);
    }
    return lines;
  }

  std::unique_ptr<Store> store = GetParam()();
};

TEST_P(HistoryContract, WhatCameInIsToldByTheHourBeforeItIsCountedAndAfter) {
  ASSERT_TRUE(store
                  ->Append({Run("a1", 1, absl::Minutes(1)), Run("a1", 2, absl::Minutes(2)),
                            Run("a1", 3, absl::Minutes(3), Outcome::kFail),
                            Run("a1", 4, absl::Minutes(50)), Run("a2", 1, absl::Minutes(51)),
                            Run("a1", 5, absl::Minutes(52), Outcome::kNotTested)})
                  .ok());
  const Lines expected = {"22h a1 smtp.mx 2/1/0 tcp_timeout=1", "23h a1 smtp.mx 1/0/1",
                          "23h a2 smtp.mx 1/0/0"};
  EXPECT_EQ(Told(), expected);
  Count();
  EXPECT_EQ(Told(), expected);
  Count();
  EXPECT_EQ(Told(), expected);
}

TEST_P(HistoryContract, WhatComesLaterIsAddedToItsHour) {
  ASSERT_TRUE(store->Append({Run("a1", 1, absl::Minutes(1))}).ok());
  Count();
  Sighting late = Run("a1", 2, absl::Minutes(2));
  late.received += absl::Hours(30);  // from the agent's spool
  ASSERT_TRUE(store->Append({late, Run("a1", 3, absl::Hours(30))}).ok());
  const Lines expected = {"22h a1 smtp.mx 2/0/0", "04h a1 smtp.mx 1/0/0"};
  EXPECT_EQ(Told(), expected);
  Count();
  EXPECT_EQ(Told(), expected);
}

TEST_P(HistoryContract, DurationsAreKept) {
  std::vector<Sighting> runs;
  for (uint64_t i = 1; i <= 100; ++i) {
    runs.push_back(Run("a1", i, absl::Seconds(i)));
    runs.back().observation.took = absl::Milliseconds(i * 10);
  }
  ASSERT_TRUE(store->Append(std::move(runs)).ok());
  Count();
  const absl::StatusOr<History> history = store->Summaries({.target = "alpha.test"});
  ASSERT_TRUE(history.ok() && history->hours.size() == 1) << history.status();
  const HourSummary& hour = history->hours.begin()->second;
  EXPECT_EQ(hour.shortest, absl::Milliseconds(10));
  EXPECT_EQ(hour.longest, absl::Seconds(1));
  EXPECT_EQ(hour.Mean(), absl::Milliseconds(505));
  EXPECT_NEAR(absl::ToDoubleSeconds(hour.Quantile(0.5)), 0.5, 0.05);
  EXPECT_NEAR(absl::ToDoubleSeconds(hour.Quantile(0.95)), 0.95, 0.1);
}

TEST_P(HistoryContract, SummariesOutlastObservationsAndCountEachOnce) {
  constexpr uint64_t kMany = 4500;
  std::vector<Sighting> many;
  for (uint64_t i = 1; i <= kMany; ++i) many.push_back(Run("a1", i, absl::Milliseconds(i)));
  ASSERT_TRUE(store->Append(std::move(many)).ok());
  Prune({.observations = absl::InfiniteFuture()});
  EXPECT_EQ(Sequences(store->Observations({})), std::vector<uint64_t>());
  EXPECT_EQ(Told(), Lines({"22h a1 smtp.mx 4500/0/0"}));
  // The store is empty: what comes now may get the numbers of what has gone.
  ASSERT_TRUE(store->Append({Run("a1", kMany + 1, absl::Minutes(1))}).ok());
  EXPECT_EQ(Told(), Lines({"22h a1 smtp.mx 4501/0/0"}));
  Prune({.observations = absl::InfiniteFuture()});
  EXPECT_EQ(Told(), Lines({"22h a1 smtp.mx 4501/0/0"}));
}

TEST_P(HistoryContract, AnAgentsImpossibleClockIsNotBelieved) {
  Sighting ahead = Run("a1", 1, absl::ZeroDuration()), behind = Run("a1", 2, absl::ZeroDuration());
  ahead.observation.started += absl::Hours(24 * 365);
  behind.observation.started = absl::UnixEpoch();
  ASSERT_TRUE(store->Append({ahead, behind}).ok());
  EXPECT_EQ(Told(), Lines({"22h a1 smtp.mx 2/0/0"}));
}

TEST_P(HistoryContract, QueriesRestrictByEachField) {
  Sighting other = Run("a1", 2, absl::Minutes(1));
  other.observation.check_id = "alpha.test/dns.mx";
  Sighting elsewhere = Run("a1", 3, absl::Minutes(1));
  elsewhere.observation.check_id = "beta.test/dns.mx";
  elsewhere.observation.target = "beta.test";
  const auto expect_all = [&] {
    EXPECT_EQ(Told({.target = "beta.test"}), Lines({"22h a1 dns.mx 1/0/0"}));
    EXPECT_EQ(Told({.check_id = "alpha.test/dns.mx"}), Lines({"22h a1 dns.mx 1/0/0"}));
    EXPECT_EQ(Told({.target = "alpha.test", .agent = "a2"}), Lines({"22h a2 smtp.mx 1/0/0"}));
    const absl::Time eleven = ContractTime() + absl::Minutes(50);
    EXPECT_EQ(Told({.check_id = "alpha.test/smtp.mx", .from = eleven}),
              Lines({"23h a1 smtp.mx 1/0/0"}));
    EXPECT_EQ(Told({.check_id = "alpha.test/smtp.mx", .to = eleven - absl::Minutes(5)}),
              Lines({"22h a1 smtp.mx 1/0/0", "22h a2 smtp.mx 1/0/0"}));
    EXPECT_EQ(Told({.target = "gamma.test"}), Lines());
  };
  ASSERT_TRUE(store
                  ->Append({Run("a1", 1, absl::Minutes(1)), other, elsewhere,
                            Run("a1", 4, absl::Minutes(50)), Run("a2", 1, absl::Minutes(1))})
                  .ok());
  expect_all();
  Count();
  expect_all();
  EXPECT_EQ(store->Summaries({.agent = "a1"}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(HistoryContract, ALongAnswerEndsBetweenTwoHoursAndSaysWhere) {
  std::vector<Sighting> runs;
  for (uint64_t hour = 0; hour < 5; ++hour) {
    runs.push_back(Run("a1", hour + 1, absl::Hours(hour)));
    runs.push_back(Run("a2", hour + 1, absl::Hours(hour)));
  }
  ASSERT_TRUE(store->Append(std::move(runs)).ok());
  Count();
  const absl::StatusOr<History> first = store->Summaries({.target = "alpha.test", .limit = 5});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->hours.size(), 4u);
  EXPECT_EQ(first->next, StartOfHour(ContractTime()) + absl::Hours(2));
  const absl::StatusOr<History> rest =
      store->Summaries({.target = "alpha.test", .from = first->next, .limit = 6});
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->hours.size(), 6u);
  EXPECT_EQ(rest->next, absl::InfiniteFuture());
  EXPECT_TRUE(rest->complete);
  EXPECT_EQ(store->Summaries({.target = "alpha.test", .limit = 1}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_P(HistoryContract, OldSummariesAreForgotten) {
  ASSERT_TRUE(
      store->Append({Run("a1", 1, absl::Minutes(1)), Run("a1", 2, absl::Minutes(50))}).ok());
  Prune({.observations = absl::InfiniteFuture(), .summaries = ContractTime() + absl::Minutes(10)});
  EXPECT_EQ(Told(), Lines({"23h a1 smtp.mx 1/0/0"}));
}

TEST_P(HistoryContract, ResolvedIncidentsAreForgottenByTheirEnd) {
  const auto ended = [](const std::string& id, absl::Duration after) {
    Incident incident = MakeIncident(id, absl::ZeroDuration());
    incident.state = IncidentState::kResolved;
    incident.ended = incident.opened + after;
    return incident;
  };
  const Incident open = MakeIncident("inc-000000000003", absl::ZeroDuration());
  ASSERT_TRUE(store
                  ->Commit({.incidents = {ended("inc-000000000001", absl::Minutes(1)),
                                          ended("inc-000000000002", absl::Hours(2)), open}})
                  .ok());
  Count();
  EXPECT_EQ(Ids(store->Incidents({})).size(), 3u);
  Prune({.observations = absl::InfinitePast(), .incidents = ContractTime() + absl::Hours(1)});
  EXPECT_EQ(Ids(store->Incidents({})), Lines({"inc-000000000003", "inc-000000000002"}));
  Prune({.observations = absl::InfinitePast(), .incidents = absl::InfiniteFuture()});
  EXPECT_EQ(Ids(store->Incidents({})), Lines({"inc-000000000003"}));
}

}  // namespace postwatch::collector
