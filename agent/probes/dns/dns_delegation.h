// DNS delegation: whether the parent zone leads to name servers that serve the zone, all the same.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_delegation_settings.h.
// Steps: dns, addresses, servers, records. Asks every name server of the zone the target is in, at
// each of its addresses, with RD=0. Fails when none serves the zone: with dns_ns_lame where they
// refuse or answer without authority, else with what they answer. Some that do not are findings
// (dns_ns_lame, dns_ns_unreachable), and so are sets that differ (dns_ns_mismatch), servers that
// are behind (dns_serial_skew) and those that serve other records at the same serial (dns_drift).
// Not tested where this agent cannot ask name servers at all.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDelegation(const CheckSpec& spec,
                                                         const ProbeDeps& deps);

}  // namespace postwatch::agent
