#include "collector/ingest/owed.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

class OwedTest : public testing::Test {
 protected:
  std::optional<v1::CollectorMessage> Next() { return owed.Next(*assignment, {}); }

  std::shared_ptr<const Assignment> assignment = *MakeAssignment({}, "");
  Owed owed;
};

TEST_F(OwedTest, NothingAtFirst) { EXPECT_FALSE(Next().has_value()); }

TEST_F(OwedTest, AnAssignmentGoesOutUnlessItIsTheSame) {
  owed.Assignment();
  EXPECT_TRUE(Next()->has_assignment());
  EXPECT_FALSE(Next().has_value());
  owed.Assignment();
  EXPECT_FALSE(Next().has_value());
}

TEST_F(OwedTest, TheNewestOfEachKindInOrder) {
  owed.Unstored(9);
  owed.Unstored(12);
  owed.Acknowledgement(3);
  owed.Acknowledgement(5);
  owed.Assignment();
  owed.Share({.agents = 3, .position = 1});
  EXPECT_EQ(Next()->share().agents(), 3u);
  EXPECT_TRUE(Next()->has_assignment());
  EXPECT_EQ(Next()->ack().sequence(), 5u);
  EXPECT_EQ(Next()->unstored().sequence(), 12u);
  EXPECT_FALSE(Next().has_value());
}

TEST_F(OwedTest, AShareIsToldWhenItChanges) {
  owed.Share({.agents = 1, .position = 0});
  EXPECT_FALSE(Next().has_value());
  owed.Share({.agents = 2, .position = 0});
  EXPECT_TRUE(Next()->has_share());
  owed.Share({.agents = 2, .position = 0});
  EXPECT_FALSE(Next().has_value());
}

}  // namespace
}  // namespace postwatch::collector
