#include "collector/scenario/planned_runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/unit/collector/scenario/reading.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kFleet =
    R"({"type":"topology","v":1,"interval_s":120,"agents":[)"
    R"({"id":"a1","region":"eu","isp":"as1","resolver":"r1"},{"id":"a2","region":"us"}],)"
    R"("providers":[{"id":"p","sites":[{"id":"p-eu","dc":"dc1","mx":["mx1.p","mx2.p"]},)"
    R"({"id":"p-us","mx":["mx3.p"]}],"region_site":{"eu":"p-eu","us":"p-us"},)"
    R"("ns":["p/ns0","p/ns1"],"accounts":2}],)"
    R"("domains":[{"id":"d.test","provider":"p"}],"anchors":["x"]})";

std::vector<PlannedRun> PlannedFor(std::string_view topology) {
  std::vector<PlannedRun> runs;
  EXPECT_TRUE(PlanRuns(topology, [&](const PlannedRun& run) { runs.push_back(run); }).ok());
  return runs;
}

TEST(PlannedRunsTest, EachAgentLooksAtTheFrontEndOfItsRegionInTurn) {
  const std::vector<PlannedRun> runs = PlannedFor(kFleet);
  std::map<std::string, double> rates;
  for (const PlannedRun& run : runs) {
    if (run.line.find("\"agent\":\"a1\"") == std::string::npos) continue;
    const size_t check = run.line.find("\"check\":");
    rates[run.line.substr(check, run.line.find(",\"outcome\"") - check)] = run.per_minute;
  }
  EXPECT_EQ(rates.size(), 14u);
  EXPECT_DOUBLE_EQ(rates[R"("check":"smtp","target":"p","endpoint":"mx1.p")"], 0.25);
  EXPECT_DOUBLE_EQ(rates[R"("check":"imap","target":"p","endpoint":"p-eu","acct":1)"], 0.25);
  EXPECT_DOUBLE_EQ(rates[R"("check":"dnsauth","target":"p","endpoint":"1")"], 0.25);
  EXPECT_DOUBLE_EQ(rates[R"("check":"dns","target":"d.test")"], 0.5);
  EXPECT_NEAR(rates[R"("check":"rt","target":"p","endpoint":"mx2.p","acct":0)"], 0.5 / 12, 1e-12);
  EXPECT_EQ(rates.count(R"("check":"smtp","target":"p","endpoint":"mx3.p")"), 0u);
}

TEST(PlannedRunsTest, TheReaderTakesEach) {
  const std::vector<PlannedRun> runs = PlannedFor(kFleet);
  Reading reading;
  ASSERT_EQ(reading.Take(kFleet), "");
  for (const PlannedRun& run : runs) {
    EXPECT_EQ(reading.Take(run.line), "") << run.line;
    EXPECT_EQ(reading.line, ScenarioReader::Line::kResult);
  }
}

TEST(PlannedRunsTest, ARecordedTopologyPlansNothing) {
  constexpr std::string_view kRecorded =
      R"({"type":"topology","v":1,"agents":[{"id":"a"}],"providers":[],"domains":[],"anchors":[]})";
  EXPECT_TRUE(PlannedFor(kRecorded).empty());
  EXPECT_FALSE(PlanRuns("nothing", [](const PlannedRun&) {}).ok());
}

}  // namespace
}  // namespace postwatch::collector
