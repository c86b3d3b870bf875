// DNSSEC: whether the zone's signatures hold, how long, and if not, why.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_dnssec_settings.h.
// Steps: dns, keys, signatures. A zone without DS passes (fact dnssec=unsigned). Fails with
// dns_dnssec_bogus when the agent's resolver refuses the zone's records and gives them with CD=1,
// or when a record set has expired signatures only; the reason is told when the records show it.
// Fails with dns_ds_without_dnskey when no DS points at a key. Finding: dns_rrsig_expiring. A DS
// that points at nothing beside one that does is a fact (ds.without_key). So is a resolver that
// does not validate (resolver.validates); nothing is concluded from what it lets pass.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDnssec(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
