// RunningConfig: which configuration a collector runs, and what a reload made of it.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "collector/config.h"
#include "collector/model/fleet.h"
#include "collector/rollout/picture.h"

namespace postwatch::collector {

// Not thread-safe.
class RunningConfig {
 public:
  explicit RunningConfig(std::string file) : file_(std::move(file)) {}

  // At the start.
  void Begin(const CollectorConfig& config, const FleetPlan& plan, absl::Time now);

  // After a reload: tells in the log what it changed, without values that may be secret, and what
  // takes effect with a restart only.
  void TakeUp(const CollectorConfig& config, const FleetPlan& plan, absl::Time now);

  // PictureJson of what is in force.
  std::string Json(size_t agents) const;

 private:
  const std::string file_;
  ConfigPicture in_force_;
  std::string waiting_;  // digest of what was read last, when that is not all in force
  absl::Time read_;
};

}  // namespace postwatch::collector
