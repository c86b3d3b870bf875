// DNS DMARC: whether a policy protects the domain's name, and its reports can arrive.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_dmarc_settings.h.
// Step: dns. Fails when the domain's own name cannot be looked up or does not exist; all that is
// wrong with the record is a finding. Facts: dmarc, dmarc.source (the domain it stands at),
// dmarc.policy, dmarc.subdomain_policy and dmarc.testing.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDmarc(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
