// Picture JSON: what GET /api/v1/config answers.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "collector/rollout/picture.h"

namespace postwatch::collector {

// What a running collector knows of its configuration beside what that says.
struct RunningFacts {
  std::string file;
  absl::Time read;
  size_t agents = 0;    // of the fleet
  std::string waiting;  // digest of what was read, when some of it waits for a restart
};

// {file, read, revision, digest, waiting?, agents, pieces: [{kind, name, values, needs_restart}]}
std::string PictureJson(const ConfigPicture& picture, const RunningFacts& facts);

}  // namespace postwatch::collector
