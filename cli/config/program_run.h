// Program run: one of our other programs, run to its end with what it prints caught.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch::cli {

struct ProgramOutput {
  int code = -1;    // -1 when a signal ended it
  std::string out;  // at most 64 MiB
  std::string err;  // its beginning, of at most 1 MiB
};

// Runs `name` ("postwatch-collector"), the one beside this program or else the first in PATH, with
// these arguments, no input and our environment. NotFound when there is none;
// Internal when it cannot be run or prints too much.
absl::StatusOr<ProgramOutput> RunProgram(const std::string& name,
                                         const std::vector<std::string>& arguments);

}  // namespace postwatch::cli
