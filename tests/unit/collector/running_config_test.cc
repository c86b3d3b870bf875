#include "collector/running_config.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

FleetPlan Plan(absl::Duration interval, const std::string& revision) {
  return {.checks = {{.id = "a.test/dns.mx", .interval = interval}}, .revision = revision};
}

bool Holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

class RunningConfigTest : public testing::Test {
 protected:
  RunningConfigTest() {
    config_.targets = {{.domain = "a.test", .provider = "own"}};
    config_.retention = absl::Hours(720);
    running_.Begin(config_, absl::UnixEpoch());
  }
  // What a reload writes into the log.
  std::string TakeUp(const FleetPlan& plan) {
    testing::internal::CaptureStderr();
    running_.TakeUp({config_.targets, plan_}, config_, plan, absl::FromUnixSeconds(60));
    plan_ = plan;
    return testing::internal::GetCapturedStderr();
  }

  std::string Json() const { return running_.Json({config_.targets, plan_}, 2); }

  CollectorConfig config_;
  FleetPlan plan_ = Plan(absl::Minutes(1), "v1");
  RunningConfig running_{"/etc/c.yaml"};
};

TEST_F(RunningConfigTest, TellsWhatAReloadChanges) {
  const std::string log = TakeUp(Plan(absl::Seconds(30), "v2"));
  EXPECT_TRUE(Holds(log, "~ check a.test/dns.mx: interval 1m -> 30s")) << log;
  EXPECT_TRUE(Holds(log, "v2")) << log;
  EXPECT_FALSE(Holds(log, "restart")) << log;
  EXPECT_TRUE(Holds(Json(), R"("read":"1970-01-01T00:01:00.000Z","revision":"v2")"));
  EXPECT_TRUE(Holds(Json(), R"("agents":2)"));
}

TEST_F(RunningConfigTest, TheSameAgainIsSilent) {
  EXPECT_EQ(TakeUp(Plan(absl::Minutes(1), "v1")), "");
}

TEST_F(RunningConfigTest, WhatNeedsARestartIsToldAndNotInForce) {
  config_.retention = absl::Hours(24);
  const std::string log = TakeUp(Plan(absl::Minutes(1), "v1"));
  EXPECT_TRUE(Holds(log, "some changes take effect with a restart only")) << log;
  EXPECT_TRUE(Holds(log, "setting retention")) << log;
  EXPECT_TRUE(Holds(Json(), R"({"value":"720h"})"));
  EXPECT_TRUE(Holds(Json(), R"("waiting":")"));
  config_.retention = absl::Hours(720);
  EXPECT_EQ(TakeUp(Plan(absl::Minutes(1), "v1")), "");
  EXPECT_FALSE(Holds(Json(), R"("waiting":")"));
}

TEST_F(RunningConfigTest, AFloodOfChangesIsCut) {
  FleetPlan many;
  for (int i = 0; i < 60; ++i) {
    many.checks.push_back({.id = Concat("a.test/k", i), .interval = absl::Minutes(1)});
  }
  const std::string log = TakeUp(many);
  EXPECT_EQ(Split(Trim(log), '\n').size(), 52u) << log;  // 50, how many more, the revision
  EXPECT_TRUE(Holds(log, "further")) << log;
}

}  // namespace
}  // namespace postwatch::collector
