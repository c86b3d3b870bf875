// DNS MTA-STS: whether the policy by which a domain demands TLS of senders can be had, and is true.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_mtasts_settings.h.
// Steps: dns, policy (with those of FetchWeb), mx. A domain without MTA-STS passes (fact mtasts:
// none), one that does not exist fails as that. Fails when the policy is enforced and does not
// cover an MX host: senders then refuse to deliver there (RFC 8461 section 5). All else that is
// wrong is a finding, since senders go on with the policy they have, or with none: a record or
// policy they cannot read, one that cannot be had, an id that did not change with the policy. What
// the MX hosts' certificates are worth is the business of tls.cert.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsMtaSts(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
