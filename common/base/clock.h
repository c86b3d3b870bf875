// Clock: where the time comes from. Injected everywhere, so that no rule of ours reads the wall.
#pragma once

#include "absl/time/time.h"

namespace postwatch {

// Two clocks in one: the wall for what people and other machines read, a steady one for durations.
// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time, UTC. May jump when the machine's clock is set.
  virtual absl::Time Now() const = 0;

  // Time since an arbitrary start; never goes back. Only differences mean something.
  virtual absl::Duration Steady() const = 0;
};

// The machine's own clocks.
class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Steady() const override;
};

}  // namespace postwatch
