#include "collector/ingest/agent_orders.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

TEST(AgentOrders, ARunAsksForNoMoreChecksThanAnAgentTakes) {
  RunRequest request{.id = "run-1"};
  for (int i = 0; i < 65; ++i) request.check_ids.push_back(Concat("c", i));
  const v1::CollectorMessage message = MakeRunNow(request);
  EXPECT_EQ(message.run_now().id(), "run-1");
  ASSERT_EQ(message.run_now().check_ids_size(), 64);
  EXPECT_EQ(message.run_now().check_ids(63), "c63");
}

TEST(AgentOrders, AShareSaysHowManyThereAreAndWhichOneThisIs) {
  const v1::CollectorMessage message = MakeShare({.agents = 5, .position = 4});
  EXPECT_EQ(message.share().agents(), 5u);
  EXPECT_EQ(message.share().position(), 4u);
}

}  // namespace
}  // namespace postwatch::collector
