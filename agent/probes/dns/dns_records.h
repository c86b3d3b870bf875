// DNS records: whether records are what the people who run the domain declared.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_records_settings.h.
// Steps: dns, servers. Fails with dns_drift, and what was added and removed, when the agent's
// resolver (or, with `ask: authorities`, a name server) has other records. Records of before a
// declared change are dns_propagating, a finding, until the TTL first seen has passed (also over
// a restart of the agent), and then fail as dns_stale. A name that cannot be looked up fails with
// the lookup's own fault; only NXDOMAIN and an empty answer count as no records.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsRecords(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
