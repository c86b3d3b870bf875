#include "cli/config/config_plan.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

using collector::ConfigPiece;
using collector::PieceKind;

ConfigPiece Check(const std::string& interval) {
  return {PieceKind::kCheck, "a.test/dns.mx", {{"interval", interval}, {"fleet_gap", "0"}}};
}

ToldConfig Told(std::vector<ConfigPiece> pieces, const std::string& revision, size_t agents = 0) {
  return {.file = "/etc/c.yaml",
          .digest = "d-" + revision,
          .agents = agents,
          .picture = {.revision = revision, .pieces = std::move(pieces)}};
}

TEST(ConfigPlan, TellsChangesRevisionAndRuns) {
  const ConfigPiece before{PieceKind::kSetting, "retention", {{"value", "720h"}}, true};
  const ConfigPiece after{PieceKind::kSetting, "retention", {{"value", "24h"}}, true};
  const ConfigPlan plan =
      MakeConfigPlan(Told({before, Check("1m")}, "v1", 3), Told({after, Check("30s")}, "v2"));
  EXPECT_FALSE(plan.empty());
  EXPECT_EQ(PlanText(plan),
            "~ setting retention: 720h -> 24h (at a restart)\n"
            "~ check a.test/dns.mx: interval 1m -> 30s\n"
            "revision: v1 -> v2\n"
            "2 changes, 1 at a restart only; 180 runs an hour more by 3 agents\n");
}

TEST(ConfigPlan, CountsForOneAgentWhenThereIsNone) {
  const ConfigPlan plan = MakeConfigPlan(Told({Check("1m")}, ""), Told({Check("2m")}, ""));
  EXPECT_EQ(PlanText(plan),
            "~ check a.test/dns.mx: interval 1m -> 2m\n"
            "1 change; 30 runs an hour fewer by 1 agent\n");
}

TEST(ConfigPlan, IsEmptyWhenTheCollectorWouldNotNotice) {
  const ConfigPlan same = MakeConfigPlan(Told({Check("1m")}, "v1"), Told({Check("1m")}, "v1"));
  EXPECT_TRUE(same.empty());
  EXPECT_EQ(PlanText(same), "no changes\n");
  const ConfigPlan renamed = MakeConfigPlan(Told({}, "v1"), Told({}, ""));
  EXPECT_FALSE(renamed.empty());
  EXPECT_EQ(PlanText(renamed), "revision: v1 -> none\n0 changes\n");
}

TEST(ConfigPlan, WhatACollectorTellsDoesNotActOnTheTerminal) {
  const ConfigPlan plan =
      MakeConfigPlan(Told({{PieceKind::kTarget, "\x1b[2J", {}}}, "\x1b]0;x"), Told({}, ""));
  EXPECT_EQ(PlanText(plan).find('\x1b'), std::string::npos);
}

TEST(ConfigPlan, IsToldAsJsonToo) {
  const ConfigPlan plan = MakeConfigPlan(Told({Check("1m")}, "v1", 2), Told({Check("30s")}, "v2"));
  EXPECT_EQ(PlanJson(plan),
            R"({"running":"d-v1","wanted":"d-v2","revision_running":"v1","revision_wanted":"v2",)"
            R"("agents":2,"runs_per_hour":120,"changes":[{"what":"changed","kind":"check",)"
            R"("name":"a.test/dns.mx","details":["interval 1m -> 30s"],"needs_restart":false,)"
            R"("runs_per_hour":120}]})");
}

}  // namespace
}  // namespace postwatch::cli
