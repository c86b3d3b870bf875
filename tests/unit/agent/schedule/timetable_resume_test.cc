#include <gtest/gtest.h>

#include <algorithm>

#include "agent/schedule/timetable.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kStart = absl::Hours(1);

CheckSpec Spec(const std::string& id, absl::Duration interval = absl::Minutes(5)) {
  CheckSpec spec;
  spec.id = id;
  spec.kind = "k";
  spec.interval = interval;
  return spec;
}

std::vector<CheckSpec> Specs(int count) {
  std::vector<CheckSpec> specs;
  for (int i = 0; i < count; ++i) specs.push_back(Spec(Concat("c", i)));
  return specs;
}

// One after the other at the same times: each takes what is due, for `span` from `from` on.
using Starts = std::vector<std::pair<absl::Duration, std::string>>;
Starts Play(Timetable& table, absl::Duration from, absl::Duration span) {
  Starts starts;
  for (absl::Duration now = from; now < from + span; now += absl::Milliseconds(100)) {
    for (const DueRun& run : table.TakeDue(now)) {
      starts.emplace_back(now, run.check_id);
      table.Finish(run.check_id, now, now);
    }
  }
  return starts;
}

TEST(TimetableResume, ASuccessorStartsWhatOneTimetableWouldHaveStarted) {
  Timetable one("a1", 16), first("a1", 16), second("a1", 16);
  one.Assign(Specs(20), kStart);
  first.Assign(Specs(20), kStart);
  const absl::Duration half = absl::Minutes(7);
  Starts whole = Play(one, kStart, 2 * half);
  Starts parts = Play(first, kStart, half);
  second.TakeUp(first.State());
  second.Assign(Specs(20), kStart + half);
  EXPECT_EQ(second.State(), first.State());
  for (auto& start : Play(second, kStart + half, half)) parts.push_back(start);
  EXPECT_EQ(parts, whole);
  EXPECT_GE(whole.size(), 50u);
}

TEST(TimetableResume, WhatWasDueDuringTheSwitchStartsAtOnce) {
  Timetable first("a1", 16), second("a1", 16);
  first.Assign({Spec("c")}, kStart);
  Play(first, kStart, absl::Seconds(11));
  const absl::Duration due = first.State().checks[0].due;
  second.TakeUp(first.State());
  second.Assign({Spec("c")}, due + absl::Seconds(20));
  EXPECT_EQ(second.TakeDue(due + absl::Seconds(20)), (std::vector<DueRun>{{"c", ""}}));
}

TEST(TimetableResume, AfterALongTimeAwayFirstLooksAreSpreadAndSlotsStay) {
  Timetable first("a1", 16), second("a1", 16);
  first.Assign(Specs(50), kStart);
  Play(first, kStart, absl::Seconds(11));
  second.TakeUp(first.State());
  const absl::Duration later = kStart + absl::Hours(3);
  second.Assign(Specs(50), later);
  EXPECT_TRUE(second.TakeDue(later).empty());
  EXPECT_EQ(Play(second, later, absl::Seconds(10.2)).size(), 50u);
  const ScheduleState before = first.State(), after = second.State();
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(after.checks[i].origin, before.checks[i].origin);
}

TEST(TimetableResume, AHoldIsKeptAndRequestsAreTold) {
  Timetable first("a1", 1), second("a1", 1);
  first.Assign({Spec("c"), Spec("d")}, kStart);
  ASSERT_TRUE(first.Request("r", "c", kStart));
  ASSERT_EQ(first.TakeDue(kStart).size(), 1u);
  first.Finish("c", kStart, kStart + absl::Hours(2));
  ASSERT_TRUE(first.Request("s", "d", kStart));
  const ScheduleState state = first.State();
  EXPECT_EQ(state.requests, (std::vector<DueRun>{{"d", "s"}}));
  second.TakeUp(state);
  second.Assign({Spec("c"), Spec("d")}, kStart);
  for (const auto& [at, id] : Play(second, kStart, absl::Hours(2))) EXPECT_EQ(id, "d");
}

TEST(TimetableResume, TheShareComesAlong) {
  Timetable first("a1", 16), second("a1", 16);
  CheckSpec spec = Spec("c");
  spec.fleet_gap = absl::Minutes(4);
  first.SetShare({.agents = 3, .position = 1}, kStart);
  first.Assign({spec}, kStart);
  second.TakeUp(first.State());
  second.Assign({spec}, kStart);
  EXPECT_EQ(second.State(), first.State());
  second.SetShare({.agents = 3, .position = 1}, kStart + absl::Seconds(1));
  EXPECT_EQ(second.State(), first.State());
}

TEST(TimetableResume, AnAgentThatGoesAndComesBackChangesNothingForTheOthers) {
  Timetable alone("a1", 16), disturbed("a1", 16);
  CheckSpec spec = Spec("c");
  spec.fleet_gap = absl::Minutes(4);
  for (Timetable* table : {&alone, &disturbed}) {
    table->SetShare({.agents = 3, .position = 1}, kStart);
    table->Assign({spec}, kStart);
    ASSERT_EQ(Play(*table, kStart, absl::Minutes(30)).size(), 3u);
  }
  absl::Duration now = kStart + absl::Minutes(30);
  const Starts expected = Play(alone, now, absl::Hours(1));
  for (int i = 0; i < 60; ++i, now += absl::Minutes(1)) {
    disturbed.SetShare({.agents = 2, .position = 1}, now);
    disturbed.SetShare({.agents = 1, .position = 0}, now);
    disturbed.SetShare({.agents = 3, .position = 1}, now + absl::Milliseconds(100));
    for (const auto& start : Play(disturbed, now + absl::Milliseconds(100), absl::Seconds(59.9))) {
      ASSERT_FALSE(expected.empty());
      EXPECT_TRUE(std::find(expected.begin(), expected.end(), start) != expected.end());
    }
  }
  EXPECT_EQ(disturbed.State(), alone.State());
}

TEST(TimetableResume, AnotherIntervalOrAnImpossibleTimeBeginsAnew) {
  Timetable fresh("a1", 16), second("a1", 16), third("a1", 16);
  fresh.Assign({Spec("c")}, kStart);
  ScheduleState state = fresh.State();
  state.checks[0].interval = absl::Minutes(6);
  state.checks[0].due = kStart + absl::Minutes(4);
  second.TakeUp(state);
  second.Assign({Spec("c")}, kStart);
  EXPECT_EQ(second.State(), fresh.State());
  state = fresh.State();
  state.checks[0].due = kStart + absl::Hours(90);
  third.TakeUp(state);
  third.Assign({Spec("c")}, kStart);
  EXPECT_EQ(third.State(), fresh.State());
}

TEST(TimetableResume, PlacesAreForTheFirstAssignmentOnly) {
  Timetable first("a1", 16), second("a1", 16);
  first.Assign({Spec("c")}, kStart);
  second.TakeUp(first.State());
  second.Assign({}, kStart);
  second.Assign({Spec("c")}, kStart + absl::Seconds(30));
  EXPECT_NE(second.State().checks[0].origin, first.State().checks[0].origin);
}

TEST(TimetableResume, OnlyWhatMayStartDoes) {
  Timetable table("a1", 16);
  table.Assign(Specs(4), kStart);
  const absl::Duration later = kStart + absl::Seconds(11);
  ASSERT_TRUE(table.Request("r", "c1", later));
  const auto runs = table.TakeDue(later, [](const std::string& id) { return id == "c2"; });
  EXPECT_EQ(runs, (std::vector<DueRun>{{"c2", ""}}));
  EXPECT_EQ(table.TakeDue(later).size(), 3u);
}

}  // namespace
}  // namespace postwatch::agent
