// Witness: a control check against neutral parties; tells whether the agent itself is healthy.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings:
//   anchors: [ip:port, ...]   required; neutral servers that answer TCP
//   zone: name                optional; a neutral name the agent's resolver must answer for
//   port25: [ip, ...]         optional; mail servers that accept port 25 from everywhere
//   max_loop_lag: 1s          above it agent_overloaded
//   max_clock_jump: 2s        wall against steady time between two runs; above it agent_clock_bad
// Steps: anchors, port25, resolver, load, clock. agent_no_network only when all anchors fail; one
// that fails is a finding. Facts: anchors.ok ("2/3"), loop.lag, clock.jump.
absl::StatusOr<std::unique_ptr<Probe>> MakeWitness(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
