// Config files: the configuration as a file, and the files it names.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/config.h"

namespace postwatch::collector {

// Reads and checks the file with those it includes, its checks and its sinks, and reads the
// revision from `revision_file`; looks at no other file. InvalidArgument lists every mistake as
// "file:line: key: what".
absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path);

// The same for --config.check: what is wrong with the files it names is in the list too, as of
// `now`.
absl::StatusOr<CollectorConfig> CheckCollectorConfig(const std::string& path, absl::Time now);

// Only what is wrong with the files that `config` names: certificates and the sinks' secrets. The
// passwords of mailboxes are on the agents' machines.
void CheckFiles(const CollectorConfig& config, absl::Time now, Mistakes& mistakes);

}  // namespace postwatch::collector
