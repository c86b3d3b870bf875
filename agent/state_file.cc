#include "agent/state_file.h"

#include <sys/stat.h>

#include <cstdio>
#include <fstream>

#include "common/base/text.h"

namespace postwatch::agent {

absl::Status SaveMessage(std::string_view what, const std::string& path,
                         const google::protobuf::MessageLite& message) {
  const std::string temporary = path + ".new";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    ::chmod(temporary.c_str(), 0600);
    if (!message.SerializeToOstream(&out) || !out.flush()) {
      return absl::UnavailableError(
          Concat("write the ", what, " to ", temporary, ": failed; is the disk full?"));
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(Concat("rename ", temporary, " to ", path, ": failed"));
  }
  return absl::OkStatus();
}

absl::Status LoadMessage(std::string_view what, const std::string& path,
                         google::protobuf::MessageLite& message) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(Concat("there is no ", what, " at ", path));
  if (!message.ParseFromIstream(&in)) {
    return absl::DataLossError(Concat("the ", what, " at ", path, " cannot be read"));
  }
  return absl::OkStatus();
}

}  // namespace postwatch::agent
