// DNS DKIM: whether the keys that the domain's mail is signed with are published and of use.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_dkim_settings.h.
// Step: dns. A declared selector whose key is missing, revoked or unreadable fails; a weak key is a
// finding. Without declared selectors the usual ones are tried, and nothing fails: which ones a
// domain has nobody outside can know. Facts: dkim.<selector> and dkim.<selector>.bits.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDkim(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
