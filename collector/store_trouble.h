// StoreTrouble: that the store does not take what it is given: told in the log, counted, and held
// against readiness until it does again.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch::collector {

// Thread-safe.
class StoreTrouble {
 public:
  // `store` is its name in the configuration.
  explicit StoreTrouble(std::string store) : store_(std::move(store)) {}

  // `what` was attempted: "storing observations".
  void Failed(std::string_view what, const absl::Status& status);
  // Observations were committed.
  void Works() { failing_ = false; }

  uint64_t errors() const { return errors_; }
  // OK, or that it cannot be written.
  absl::Status status() const;

 private:
  const std::string store_;
  std::atomic<uint64_t> errors_ = 0;
  std::atomic<bool> failing_ = false;
};

}  // namespace postwatch::collector
