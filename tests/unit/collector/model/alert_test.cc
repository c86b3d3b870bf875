#include "collector/model/alert.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(AlertTest, EventsHaveTheNamesReceiversKnow) {
  EXPECT_EQ(AlertEventName(AlertEvent::kOpened), "opened");
  EXPECT_EQ(AlertEventName(AlertEvent::kChanged), "changed");
  EXPECT_EQ(AlertEventName(AlertEvent::kReminder), "reminder");
  EXPECT_EQ(AlertEventName(AlertEvent::kResolved), "resolved");
}

}  // namespace
}  // namespace postwatch::collector
