// SetAside: puts a corrupt database out of the way, so that a new one can be begun in its place.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch {

// Renames PATH, PATH-wal and PATH-shm to PATH.corrupt*, over what was set aside before, and says
// so in the log; `what` is what the file holds ("spool"), `why` how it shows that it is corrupt.
// Close the database first. For files that may be lost only. Nothing to do for ":memory:".
// FailedPrecondition when the file is still in its place.
absl::Status SetAsideCorrupt(const std::string& path, std::string_view what,
                             const absl::Status& why);

}  // namespace postwatch
