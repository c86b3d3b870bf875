// Picture reader: what GET /api/v1/config and `postwatch-collector --config.describe` tell.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collector/rollout/picture.h"

namespace postwatch::cli {

struct ToldConfig {
  std::string file;
  std::string digest;
  std::string waiting;  // digest of what waits in part for a restart; empty when nothing does
  size_t agents = 0;
  collector::ConfigPicture picture;
};

// InvalidArgument when it is nothing of that kind. Pieces of kinds that a newer collector may have
// are left out.
absl::StatusOr<ToldConfig> ReadToldConfig(std::string_view json);

}  // namespace postwatch::cli
