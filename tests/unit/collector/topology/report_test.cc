#include "collector/topology/report.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/topology/small_fleet.h"

namespace postwatch::collector {
namespace {

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    FillTwoSites(fleet);
    fleet.Finish();
    report = Examine(fleet.coverage);
  }
  static size_t Count(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
    return count;
  }

  SmallFleet fleet;
  TopologyReport report;
};

TEST_F(ReportTest, NamesOneOfEachSort) {
  const std::string text = ReportText(report, fleet.coverage, false);
  EXPECT_EQ(Count(text, "CANNOT BE TOLD APART: 5 pairs in 5 groups\n"), 1u) << text;
  EXPECT_EQ(Count(text, "  2 x front end, path: when it does not answer\n"), 1u) << text;
  EXPECT_EQ(Count(text, "such as path:as1>p = site:s1\n"), 1u) << text;
  EXPECT_EQ(Count(text, "path:as2>p = site:s2"), 0u) << text;
  EXPECT_EQ(Count(text, "CAN NEVER PAGE: 4 components"), 1u) << text;
  EXPECT_EQ(Count(text,
                  "  1. a second account at p (account): tells 1 pair apart, such as auth:p "
                  "and acct:p/0"),
            1u)
      << text;
  EXPECT_TRUE(report.HasWarnings(fleet.coverage));
}

TEST_F(ReportTest, NamesAllOnRequest) {
  const std::string text = ReportText(report, fleet.coverage, true);
  EXPECT_EQ(Count(text, "      path:as1>p = site:s1\n"), 1u) << text;
  EXPECT_EQ(Count(text, "      path:as2>p = site:s2\n"), 1u) << text;
  EXPECT_EQ(Count(text, "  svc:p/imap "), 1u) << text;
}

TEST_F(ReportTest, JsonHoldsEachGroup) {
  const std::string json = ReportJson(report, fleet.coverage, false);
  EXPECT_EQ(Count(json,
                  "{\"members\":[\"path:as1>p\",\"site:s1\"],\"when\":[\"silent\"],"
                  "\"named\":\"path:as1>p\",\"pages\":false,\"why\":\"only agent a1 sees it\""),
            1u)
      << json;
  EXPECT_EQ(Count(json, "\"members\""), 5u);
  EXPECT_EQ(Count(json, "\"of_each\""), 0u);
  EXPECT_EQ(Count(ReportJson(report, fleet.coverage, true), "\"of_each\""), 1u);
  EXPECT_EQ(json.back(), '\n');
}

TEST_F(ReportTest, AFleetThatTellsAllApartHasNoWarnings) {
  SmallFleet diverse;
  for (const std::string_view n : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
    const std::string network = Concat("as", (n[0] - '0') % 4);
    for (const std::string_view p : {"p", "q"}) {
      diverse.Run({.agent = Concat("a", n),
                   .network = network,
                   .check = Concat(p, "/smtp"),
                   .crossed = Concat("path:", network, ">", p, " svc:", p, "/smtp")});
    }
  }
  diverse.Finish();
  const TopologyReport none = Examine(diverse.coverage);
  EXPECT_FALSE(none.HasWarnings(diverse.coverage));
  EXPECT_EQ(Count(ReportText(none, diverse.coverage, false),
                  "Any two faults look different to this fleet."),
            1u);
}

}  // namespace
}  // namespace postwatch::collector
