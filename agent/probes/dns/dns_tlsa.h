// DNS TLSA: whether senders that demand DANE (RFC 7672) can deliver to the domain.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_tlsa_settings.h.
// Steps: dns, then those of VisitTls for each address of an MX host with usable TLSA records, at
// most 8 hosts and 4 addresses of each. Records count as for senders: only where the answers for
// MX, address and TLSA are all authenticated by the agent's resolver (AD), and of an alias first at
// what it leads to. Fails when senders would
// keep the letters: no record is of what is served (tls_dane_mismatch), no STARTTLS
// (tls_not_offered), or the lookup breaks below a signed name (dane_lookup_servfail). Records that
// senders pass over are findings. An MX host that does not answer is for smtp.mx to tell; when
// nothing else was left to look at, the run is not tested. Without TLSA records it passes (fact
// dane: none), and without mail servers; a domain that does not exist fails as that.
// Facts: dane, tlsa.<host>, and of a match tlsa.<host>.served, tlsa.<host>.next (usable records
// that are not of what is served) and tlsa.<host>.unusable (how many).
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsTlsa(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
