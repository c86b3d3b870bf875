#include "agent/schedule/timetable.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kStart = absl::Hours(1);

CheckSpec Spec(const std::string& id, const std::string& target = "", Leg leg = Leg::kInbound,
               absl::Duration interval = absl::Minutes(1)) {
  CheckSpec spec;
  spec.id = id;
  spec.kind = "k";
  spec.target = target;
  spec.leg = leg;
  spec.interval = interval;
  return spec;
}

std::vector<std::string> Ids(const std::vector<DueRun>& runs) {
  std::vector<std::string> ids;
  for (const DueRun& run : runs) ids.push_back(run.check_id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

using Names = std::vector<std::string>;

// Runs everything for `span`, each run taking `took`; the start times by check.
std::map<std::string, std::vector<absl::Duration>> Play(Timetable& table, absl::Duration span,
                                                        absl::Duration took) {
  std::map<std::string, std::vector<absl::Duration>> starts;
  std::multimap<absl::Duration, std::string> ends;
  for (absl::Duration now = kStart; now < kStart + span; now += absl::Milliseconds(100)) {
    while (!ends.empty() && ends.begin()->first <= now) {
      table.Finish(ends.begin()->second, now, now);
      ends.erase(ends.begin());
    }
    for (const DueRun& run : table.TakeDue(now)) {
      starts[run.check_id].push_back(now);
      ends.emplace(now + took, run.check_id);
    }
  }
  return starts;
}

TEST(Timetable, AFirstLookWithinTenSecondsThenSlotsAnIntervalApart) {
  Timetable table("a1", 16);
  table.Assign({Spec("c")}, kStart);
  const auto starts = Play(table, absl::Minutes(60), absl::Seconds(1))["c"];
  EXPECT_LT(starts[0], kStart + absl::Seconds(10.2));
  EXPECT_GE(starts.size(), 60u);
  EXPECT_LE(starts.size(), 61u);
  for (size_t i = 2; i < starts.size(); ++i) {
    EXPECT_GE(starts[i] - starts[i - 1], absl::Seconds(47.8)) << i;
    EXPECT_LE(starts[i] - starts[i - 1], absl::Seconds(72.2)) << i;
  }
  EXPECT_GE(starts[1] - starts[0], absl::Seconds(30));
}

TEST(Timetable, SlotsAreStableForOneAgentAndSpreadOverAgents) {
  std::set<absl::Duration> firsts;
  for (int agent = 0; agent < 50; ++agent) {
    Timetable a(Concat("a", agent), 16);
    Timetable b(Concat("a", agent), 16);
    a.Assign({Spec("c")}, kStart);
    b.Assign({Spec("c")}, kStart);
    EXPECT_EQ(a.NextSlot(kStart), b.NextSlot(kStart));
    firsts.insert(a.NextSlot(kStart));
  }
  EXPECT_EQ(firsts.size(), 50u);
  EXPECT_LT(*firsts.begin(), kStart + absl::Seconds(2));
  EXPECT_GT(*firsts.rbegin(), kStart + absl::Seconds(8));
}

TEST(Timetable, ACheckNeverRunsTwiceAtOnceAndLeavesOutWhatItMissed) {
  Timetable table("a1", 16);
  table.Assign({Spec("c")}, kStart);
  const auto starts = Play(table, absl::Minutes(30), absl::Seconds(150))["c"];
  ASSERT_GE(starts.size(), 5u);
  for (size_t i = 1; i < starts.size(); ++i) {
    EXPECT_GE(starts[i] - starts[i - 1], absl::Seconds(150));
  }
}

TEST(Timetable, NoMoreThanTheLimitRunAtOnce) {
  Timetable table("a1", 3);
  std::vector<CheckSpec> specs;
  for (int i = 0; i < 10; ++i) specs.push_back(Spec(Concat("c", i)));
  table.Assign(specs, kStart);
  const absl::Duration later = kStart + absl::Seconds(11);
  const auto first = table.TakeDue(later);
  EXPECT_EQ(first.size(), 3u);
  EXPECT_TRUE(table.TakeDue(later).empty());
  table.Finish(first[0].check_id, later, later);
  EXPECT_EQ(table.TakeDue(later).size(), 1u);
  EXPECT_EQ(table.running(), 3u);
}

TEST(Timetable, OneRunALegOfATarget) {
  Timetable table("a1", 16);
  table.Assign({Spec("mx1", "a.test"), Spec("mx2", "a.test"), Spec("mx", "b.test"),
                Spec("trip", "a.test", Leg::kDelivery), Spec("w1"), Spec("w2")},
               kStart);
  const absl::Duration later = kStart + absl::Seconds(11);
  const auto first = Ids(table.TakeDue(later));
  EXPECT_EQ(first.size(), 5u);  // all but one of mx1 and mx2
  const bool one = std::count(first.begin(), first.end(), "mx1") == 1;
  table.Finish(one ? "mx1" : "mx2", later, later);
  EXPECT_EQ(Ids(table.TakeDue(later)), Names{one ? "mx2" : "mx1"});
}

TEST(Timetable, RequestsGoFirstAndLeaveTheScheduleAlone) {
  Timetable table("a1", 1);
  table.Assign({Spec("a"), Spec("b")}, kStart);
  const absl::Duration slot = table.NextSlot(kStart);
  EXPECT_TRUE(table.Request("r", "b", kStart));
  EXPECT_TRUE(table.Request("r2", "b", kStart));  // one run answers both
  EXPECT_FALSE(table.Request("r", "unknown", kStart));
  const auto runs = table.TakeDue(kStart);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].check_id, "b");
  EXPECT_EQ(runs[0].run_request, "r");
  table.Finish("b", kStart, kStart);
  EXPECT_TRUE(table.TakeDue(kStart).empty());
  EXPECT_EQ(table.NextSlot(kStart), slot);
}

TEST(Timetable, ARequestForARunningCheckWaitsForItsEnd) {
  Timetable table("a1", 4);
  table.Assign({Spec("a")}, kStart);
  const absl::Duration later = kStart + absl::Seconds(11);
  ASSERT_EQ(table.TakeDue(later).size(), 1u);
  EXPECT_TRUE(table.Request("r", "a", later));
  EXPECT_TRUE(table.TakeDue(later).empty());
  table.Finish("a", later, later);
  const auto runs = table.TakeDue(later);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].run_request, "r");
}

TEST(Timetable, ASharedCheckRunsNoMoreOftenInALargeFleet) {
  CheckSpec shared = Spec("shared");
  shared.fleet_gap = absl::Seconds(10);
  constexpr int kAgents = 30;
  std::vector<absl::Duration> first;
  size_t runs = 0;
  for (int i = 0; i < kAgents; ++i) {
    Timetable table(Concat("agent-", i), 16);
    table.SetShare({.agents = kAgents, .position = i}, kStart);
    table.Assign({shared, Spec("own", "other.test")}, kStart);
    auto starts = Play(table, absl::Minutes(60), absl::Seconds(1));
    EXPECT_GE(starts["own"].size(), 60u);
    first.push_back(starts["shared"].front());
    runs += starts["shared"].size();
  }
  // An hour is 360 gaps of ten seconds; each agent adds its first look.
  EXPECT_GE(runs, 340u);
  EXPECT_LE(runs, 360u + kAgents);
  for (int i = 0; i < kAgents; ++i) {
    EXPECT_GE(first[i], kStart + i * shared.fleet_gap);
    EXPECT_LE(first[i], kStart + i * shared.fleet_gap + absl::Seconds(10.1));
  }
}

TEST(Timetable, WhoeverIsLeftTakesOverTheShareOfOthers) {
  CheckSpec shared = Spec("shared");
  shared.fleet_gap = absl::Minutes(1);
  Timetable table("a1", 16);
  table.SetShare({.agents = 10, .position = 0}, kStart);
  table.Assign({shared}, kStart);
  EXPECT_LE(Play(table, absl::Minutes(60), absl::Seconds(1))["shared"].size(), 8u);
  table.SetShare({.agents = 1, .position = 0}, kStart + absl::Minutes(60));
  size_t runs = 0;
  for (absl::Duration now = kStart + absl::Minutes(60); now < kStart + absl::Minutes(120);
       now += absl::Seconds(1)) {
    for (const DueRun& run : table.TakeDue(now)) {
      ++runs;
      table.Finish(run.check_id, now, now);
    }
  }
  EXPECT_GE(runs, 58u);
}

TEST(Timetable, RequestsAreBounded) {
  Timetable table("a1", 1);
  std::vector<CheckSpec> specs;
  for (int i = 0; i < 300; ++i) specs.push_back(Spec(Concat("c", i)));
  table.Assign(specs, kStart);
  int taken = 0;
  for (const CheckSpec& spec : specs) taken += table.Request("r", spec.id, kStart) ? 1 : 0;
  EXPECT_EQ(taken, 256);
}

TEST(Timetable, AHeldCheckWaitsAndFollowsOneRequest) {
  Timetable table("a1", 1);
  table.Assign({Spec("a")}, kStart);
  const absl::Duration t1 = kStart + absl::Seconds(11);
  ASSERT_EQ(table.TakeDue(t1).size(), 1u);
  const absl::Duration until = t1 + absl::Minutes(6);
  table.Finish("a", t1, until);
  EXPECT_GT(table.NextSlot(t1), until);
  EXPECT_TRUE(table.TakeDue(until).empty());
  EXPECT_TRUE(table.Request("r", "a", t1));
  ASSERT_EQ(table.TakeDue(t1).size(), 1u);
  table.Finish("a", t1, until);
  EXPECT_FALSE(table.Request("r2", "a", t1));
}

TEST(Timetable, AHeldCheckThatIsReleasedIsDueAtOnce) {
  Timetable table("a1", 1);
  table.Assign({Spec("a")}, kStart);
  const absl::Duration t1 = kStart + absl::Seconds(11);
  ASSERT_EQ(table.TakeDue(t1).size(), 1u);
  table.Release("a", t1);  // it runs: nothing to release
  table.Finish("a", t1, t1 + absl::Minutes(30));
  EXPECT_TRUE(table.Request("r", "a", t1));
  ASSERT_EQ(table.TakeDue(t1).size(), 1u);
  table.Finish("a", t1, t1 + absl::Minutes(30));
  table.Release("unknown", t1);
  table.Release("a", t1);
  EXPECT_EQ(Ids(table.TakeDue(t1)), Names{"a"});
  table.Finish("a", t1, t1);
  EXPECT_TRUE(table.TakeDue(t1).empty());
  EXPECT_LT(table.NextSlot(t1), t1 + absl::Minutes(2));
  EXPECT_TRUE(table.Request("r2", "a", t1));
}

TEST(Timetable, ANewAssignmentKeepsTheSlotsOfUnchangedChecks) {
  Timetable table("a1", 4);
  table.Assign({Spec("a")}, kStart);
  const absl::Duration t1 = kStart + absl::Seconds(11);
  ASSERT_EQ(table.TakeDue(t1).size(), 1u);
  table.Finish("a", t1, t1);
  const absl::Duration slot = table.NextSlot(t1);
  table.Assign({Spec("a"), Spec("b")}, t1);
  EXPECT_EQ(Ids(table.TakeDue(t1 + absl::Seconds(10.5))), Names{"b"});
  table.Finish("b", t1, t1);
  table.Assign({Spec("a")}, t1 + absl::Seconds(12));
  EXPECT_EQ(table.NextSlot(t1), slot);
}

TEST(Timetable, ACheckTakenAwayWhileItRunsEndsInPeace) {
  Timetable table("a1", 1);
  table.Assign({Spec("a", "a.test")}, kStart);
  const absl::Duration t1 = kStart + absl::Seconds(11);
  ASSERT_EQ(table.TakeDue(t1).size(), 1u);
  ASSERT_TRUE(table.Request("r", "a", t1));
  table.Assign({}, t1);
  EXPECT_EQ(table.running(), 1u);
  table.Assign({Spec("a", "a.test", Leg::kInbound, absl::Minutes(5))}, t1);
  EXPECT_TRUE(table.TakeDue(t1 + absl::Seconds(11)).empty());  // still the old run
  table.Finish("a", t1 + absl::Seconds(12), t1);
  EXPECT_EQ(table.running(), 0u);
  EXPECT_LT(table.NextSlot(t1), absl::InfiniteDuration());
  table.Finish("a", t1, t1);  // a second end is ignored
  EXPECT_EQ(table.running(), 0u);
}

TEST(Timetable, WithoutChecksNothingIsDue) {
  Timetable table("a1", 1);
  EXPECT_EQ(table.NextSlot(kStart), absl::InfiniteDuration());
  EXPECT_TRUE(table.TakeDue(kStart).empty());
}

}  // namespace
}  // namespace postwatch::agent
