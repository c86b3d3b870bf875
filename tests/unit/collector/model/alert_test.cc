#include "collector/model/alert.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(AlertEvent, Names) {
  EXPECT_EQ(AlertEventName(AlertEvent::kOpened), "opened");
  EXPECT_EQ(AlertEventName(AlertEvent::kChanged), "changed");
  EXPECT_EQ(AlertEventName(AlertEvent::kReminder), "reminder");
  EXPECT_EQ(AlertEventName(AlertEvent::kResolved), "resolved");
}

TEST(Incident, NamesOfStatesAndChanges) {
  EXPECT_EQ(IncidentStateName(IncidentState::kOpen), "open");
  EXPECT_EQ(IncidentStateName(IncidentState::kResolved), "resolved");
  EXPECT_EQ(ChangeKindName(ChangeKind::kOpened), "opened");
  EXPECT_EQ(ChangeKindName(ChangeKind::kUpdated), "updated");
  EXPECT_EQ(ChangeKindName(ChangeKind::kResolved), "resolved");
}

}  // namespace
}  // namespace postwatch::collector
