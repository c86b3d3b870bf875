// Settings of `witness`.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/model/check_spec.h"
#include "common/net/address.h"

namespace postwatch {

//   anchors: [ip:port, ...]   required, at most 8; neutral servers that answer TCP
//   zone: name                optional; a neutral name without wildcard that the agent's resolver
//                             must answer for. Empty: nothing is asked, and a dead resolver is not
//                             excused
//   port25: [ip, ...]         optional, at most 8; mail servers that accept port 25 from everywhere
//   trust: [host, ...]        optional, at most 3; HTTPS servers that everybody trusts
//   max_loop_lag: 1s          above it agent_overloaded
//   max_clock_jump: 2s        wall against steady time between two runs; above it agent_clock_bad
struct WitnessSettings {
  std::vector<Address> anchors;
  std::vector<std::string> port25;
  std::vector<std::string> trust;
  std::string zone;
  absl::Duration max_loop_lag;
  absl::Duration max_clock_jump;
};

WitnessSettings ReadWitnessSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch
