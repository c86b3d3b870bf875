// SqliteBackup: a copy of a store's file while a collector works with it, and the way back.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace postwatch::collector {

// Gets lines for whoever waits, without their ends.
using Tell = std::function<void(std::string_view line)>;

struct RestoreOptions {
  // Whether a store that knows something may be replaced; it is kept under another name.
  bool move_aside = false;
  absl::Time now;  // for that name
};

// A consistent copy of the store at `path` into the new file `file` (0600), which is there when it
// is whole, checked and on the disk, and not before: until then it is FILE.tmp, which a later try
// takes over. AlreadyExists when there is a `file`, NotFound when there is no store, DataLoss when
// it is corrupt, ResourceExhausted when there is no room.
absl::Status BackUpSqlite(const std::string& path, const std::string& file, const Tell& tell);

// Puts a checked copy of `file` in the place of `path`, at once and for good; a store of an older
// version is brought up to date when a collector opens it. FailedPrecondition while a collector has
// the store open, when `file` is of a newer version, or when there is a store that knows something
// and is not to be moved aside; InvalidArgument when `file` is no store, DataLoss when it is
// corrupt. After an error the store is as it was.
absl::Status RestoreSqlite(const std::string& path, const std::string& file,
                           const RestoreOptions& options, const Tell& tell);

}  // namespace postwatch::collector
