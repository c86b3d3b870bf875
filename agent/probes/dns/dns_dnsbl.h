// DNS DNSBL: whether the domain or its mail servers are on blocklists that receivers ask.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_dnsbl_settings.h.
// Steps: addresses, dns. Never fails. A listing is a finding, with what its code means and the
// list's reason; one by a list that does not have the entries each list must have (RFC 5782 section
// 5) is none. That a configured list refuses this resolver, is dead or lists everybody is a finding
// too. Not tested when no list answers. Fact: dnsbl.<zone>.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDnsbl(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
