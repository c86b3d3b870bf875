// Witness: a control check against neutral parties; tells whether the agent itself is healthy.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/witness_settings.h.
// Steps: anchors, port25, resolver, load, clock. agent_no_network only when all anchors fail; one
// that fails is a finding. Facts: anchors.ok ("2/3"), loop.lag, clock.jump.
absl::StatusOr<std::unique_ptr<Probe>> MakeWitness(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
