// RunningConfig: which configuration a collector runs, and what a reload made of it.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/config.h"
#include "collector/model/fleet.h"
#include "collector/rollout/picture.h"

namespace postwatch::collector {

// What is watched now, which the collector has anyway; a picture of it would take as much again.
struct Watched {
  const std::vector<TargetConfig>& targets;
  const FleetPlan& plan;
};

// Not thread-safe.
class RunningConfig {
 public:
  explicit RunningConfig(const std::string& file);

  // At the start.
  void Begin(const CollectorConfig& config, absl::Time now);

  // At a reload, with what was watched before it: tells in the log what it changes, without values
  // that may be secret, and what takes effect with a restart only.
  void TakeUp(const Watched& before, const CollectorConfig& config, const FleetPlan& plan,
              absl::Time now);

  // PictureJson of what is in force.
  std::string Json(const Watched& watched, size_t agents) const;

 private:
  ConfigPicture InForceWith(const Watched& watched) const;

  std::string file_;                   // a path from the root
  std::vector<ConfigPiece> settings_;  // in force, sinks too
  std::string waiting_;  // digest of what was read last, when that is not all in force
  absl::Time read_;
};

}  // namespace postwatch::collector
