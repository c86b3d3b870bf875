#include "collector/lease_holder.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(LeaseHolderTest, TellsWhereItIsReached) {
  EXPECT_EQ(HttpOfLeaseHolder(DescribeLeaseHolder("192.0.2.1:7480")), "192.0.2.1:7480");
  EXPECT_EQ(HttpOfLeaseHolder(DescribeLeaseHolder("[2001:db8::1]:7480")), "[2001:db8::1]:7480");
  EXPECT_EQ(HttpOfLeaseHolder(DescribeLeaseHolder("")), "");
}

TEST(LeaseHolderTest, NoTwoAreCalledTheSame) {
  EXPECT_NE(DescribeLeaseHolder(""), DescribeLeaseHolder(""));
}

}  // namespace
}  // namespace postwatch::collector
