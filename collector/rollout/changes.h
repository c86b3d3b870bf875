// Changes: what is different between two configurations, for people.
#pragma once

#include <string>
#include <vector>

#include "collector/rollout/picture.h"

namespace postwatch::collector {

enum class ConfigChangeKind { kAdded, kRemoved, kChanged };

struct ConfigChange {
  ConfigChangeKind what = ConfigChangeKind::kChanged;
  PieceKind piece = PieceKind::kSetting;
  std::string name;
  std::vector<std::string> details;  // "interval 1m -> 30s", "expect changed"; no hidden value
  bool needs_restart = false;
  double runs_per_hour = 0;  // how many more the whole fleet makes; fewer when negative

  bool operator==(const ConfigChange&) const = default;
};

// From `now` to `wanted`, in the order of pictures. The checks of a target that comes or goes are
// told with it. Runs are counted for a fleet of `agents`. That the revision is another is no
// change.
std::vector<ConfigChange> CompareConfigs(const ConfigPicture& now, const ConfigPicture& wanted,
                                         size_t agents);

// A line a change: "+ target a.test: 17 checks", "~ check a.test/dns.mx: interval 1m -> 30s",
// "- sink pager (at a restart)". What happens to one kind of check at several targets is one line.
std::vector<std::string> ChangeLines(const std::vector<ConfigChange>& changes);

}  // namespace postwatch::collector
