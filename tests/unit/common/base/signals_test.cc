#include "common/base/signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace postwatch {
namespace {

int caught = 0;

TEST(SignalsTest, OneThatIsHeldComesWhenItIsReleased) {
  caught = 0;
  const auto before = std::signal(SIGUSR1, [](int) { ++caught; });
  HoldSignals({SIGUSR1});
  std::raise(SIGUSR1);
  EXPECT_EQ(caught, 0);
  ReleaseSignals({SIGUSR1});
  EXPECT_EQ(caught, 1);
  std::signal(SIGUSR1, before);
}

}  // namespace
}  // namespace postwatch
