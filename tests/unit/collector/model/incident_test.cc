#include "collector/model/incident.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(IncidentTest, StatesAndChangesHaveOneSpelling) {
  EXPECT_EQ(IncidentStateName(Incident().state), "open");
  EXPECT_EQ(IncidentStateName(IncidentState::kResolved), "resolved");
  EXPECT_EQ(ChangeKindName(ChangeKind::kOpened), "opened");
  EXPECT_EQ(ChangeKindName(ChangeKind::kUpdated), "updated");
  EXPECT_EQ(ChangeKindName(ChangeKind::kResolved), "resolved");
}

}  // namespace
}  // namespace postwatch::collector
