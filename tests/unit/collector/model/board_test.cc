#include "collector/model/board.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(BoardTest, WhatWasNeverSeenIsUnknownAndNotHealthy) {
  EXPECT_EQ(CellStateName(Cell().state), "unknown");
  EXPECT_EQ(CellStateName(CellState::kHealthy), "healthy");
  EXPECT_EQ(CellStateName(CellState::kFailing), "failing");
  EXPECT_EQ(CellStateName(CellState::kMasked), "masked");
}

}  // namespace
}  // namespace postwatch::collector
