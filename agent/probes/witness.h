// Witness: a control check against neutral parties; tells whether the agent itself is healthy.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/witness_settings.h.
// Steps: anchors, resolver, load, clock, trust, port25. agent_no_network only when all anchors
// fail; one that fails is a finding. dns_hijack, when the resolver has an address for a name that
// there is not, is a finding. Facts: anchors.ok ("2/3"), anchors.v4 and anchors.v6 where there are
// such, resolver.took, loop.lag, clock.jump.
absl::StatusOr<std::unique_ptr<Probe>> MakeWitness(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
