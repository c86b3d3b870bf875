// DNS DKIM: whether the keys that the domain's mail is signed with are published and of use.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_dkim_settings.h.
// Step: dns. A declared selector whose key is missing, revoked or unreadable fails; a weak key is a
// finding. Without declared selectors the usual ones are tried, and none that is missing fails:
// which ones a domain has nobody outside can know. A domain that does not exist fails as that.
// Facts: dkim.<selector> and dkim.<selector>.bits.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDkim(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
