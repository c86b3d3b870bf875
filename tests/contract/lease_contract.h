// Lease contract: what every Lease promises to a collector that has no rival.
//
// A lease's test file includes this, says how to make one, and instantiates the suite.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "collector/store/lease.h"

namespace postwatch::collector {

// Of holder "c1".
using MakeLease = std::unique_ptr<Lease> (*)();

class LeaseContract : public testing::TestWithParam<MakeLease> {
 protected:
  std::unique_ptr<Lease> lease = GetParam()();
};

TEST_P(LeaseContract, WhoAsksFirstHasItAndKeepsItsEpoch) {
  const LeaseState first = lease->Acquire().value();
  EXPECT_TRUE(first.ours);
  EXPECT_GT(first.epoch, 0u);
  EXPECT_EQ(first.holder, "c1");
  const LeaseState renewed = lease->Renew().value();
  EXPECT_TRUE(renewed.ours);
  EXPECT_EQ(renewed.epoch, first.epoch);
  EXPECT_GE(renewed.until, first.until);
  const LeaseState again = lease->Acquire().value();
  EXPECT_TRUE(again.ours);
  EXPECT_EQ(again.epoch, first.epoch);
}

TEST_P(LeaseContract, WhatWasLetGoOfCanBeHadAgain) {
  const uint64_t epoch = lease->Acquire().value().epoch;
  EXPECT_TRUE(lease->Release().ok());
  EXPECT_TRUE(lease->Release().ok());
  const LeaseState again = lease->Acquire().value();
  EXPECT_TRUE(again.ours);
  EXPECT_GE(again.epoch, epoch);
}

}  // namespace postwatch::collector
