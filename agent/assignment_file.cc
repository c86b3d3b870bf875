#include "agent/assignment_file.h"

#include <sys/stat.h>

#include <cstdio>
#include <fstream>

#include "common/base/text.h"

namespace postwatch::agent {

absl::Status SaveAssignment(const std::string& path, const v1::Assignment& assignment) {
  const std::string temporary = path + ".new";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    ::chmod(temporary.c_str(), 0600);
    if (!assignment.SerializeToOstream(&out) || !out.flush()) {
      return absl::UnavailableError(
          Concat("write the assignment to ", temporary, ": failed; is the disk full?"));
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(Concat("rename ", temporary, " to ", path, ": failed"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Assignment> LoadAssignment(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(Concat("there is no assignment at ", path));
  v1::Assignment assignment;
  if (!assignment.ParseFromIstream(&in)) {
    return absl::DataLossError(Concat("the assignment at ", path, " cannot be read"));
  }
  return assignment;
}

}  // namespace postwatch::agent
