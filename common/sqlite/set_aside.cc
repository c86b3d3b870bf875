#include "common/sqlite/set_aside.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch {

absl::Status SetAsideCorrupt(const std::string& path, std::string_view what,
                             const absl::Status& why) {
  const std::string kept = path + ".corrupt";
  Log(LogLevel::kError, Concat("the ", what, " is corrupt; it is set aside and a new one is begun"),
      {{"file", path}, {"kept_as", kept}, {"error", why.ToString()}});
  if (path == ":memory:") return absl::OkStatus();
  // A write-ahead log left behind would be taken for the new database's: it goes first.
  for (const char* part : {"-wal", "-shm", ""}) {
    if (std::rename((path + part).c_str(), (kept + part).c_str()) == 0) continue;
    if (errno == ENOENT) {
      std::remove((kept + part).c_str());  // of an older one
      continue;
    }
    return absl::FailedPreconditionError(
        Concat("the ", what, " ", path, " is corrupt (", FromAbsl(why.message()), ") and ", path,
               part, " cannot be renamed: ", std::strerror(errno), "; move it away by hand"));
  }
  return absl::OkStatus();
}

}  // namespace postwatch
