// Protocol: the version of what agents and collectors have agreed on, and how far apart they may
// be.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch {

// Raised when a peer of the version before could misunderstand what is sent now. Fields and values
// that peers may pass over need no new version.
inline constexpr uint32_t kProtocolVersion = 1;

// OK when a peer of version `theirs` (0: one of before versions were told, which is 1) can be
// understood: one version back and one forward. FailedPrecondition otherwise; it names both
// versions and says which of the two programs to upgrade. `we` and `they` name the programs.
absl::Status CheckProtocol(std::string_view we, std::string_view they, uint32_t theirs);

}  // namespace postwatch
