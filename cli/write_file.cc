#include "cli/write_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "common/base/text.h"

namespace postwatch::cli {

absl::Status WriteTextFile(const std::string& path, std::string_view text, bool replace) {
  const std::string draft = Concat(path, ".", ::getpid(), ".new");
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out << text << std::flush;
    if (!out.good()) {
      const absl::Status status =
          absl::PermissionDeniedError(Concat("cannot write ", draft, ": ", std::strerror(errno)));
      ::unlink(draft.c_str());
      return status;
    }
  }
  // A link fails where something is; a rename does not.
  const int failed =
      replace ? ::rename(draft.c_str(), path.c_str()) : ::link(draft.c_str(), path.c_str());
  const int error = errno;
  ::unlink(draft.c_str());
  if (failed == 0) return absl::OkStatus();
  if (error == EEXIST) return absl::AlreadyExistsError(Concat(path, " is there already"));
  return absl::PermissionDeniedError(Concat("cannot write ", path, ": ", std::strerror(error)));
}

}  // namespace postwatch::cli
