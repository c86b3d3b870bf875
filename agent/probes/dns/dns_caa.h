// DNS CAA: whether the certificates of the domain's mail servers can be renewed.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_caa_settings.h.
// Step: dns. Never fails: certificates that are there go on to be good. Findings: caa_syntax,
// caa_forbids, dns_nxdomain of the domain itself, and what the DNS answered where the records
// cannot be looked up, since authorities do not issue then. Not tested where nobody answers. Facts:
// caa.<domain> of each set, and caa.<host> for where the set of a host stands.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsCaa(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
