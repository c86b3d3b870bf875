// DNS SPF: whether the domain's SPF record can be used, and lets the declared senders send.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_spf_settings.h.
// Step: dns. Fails when the record cannot be looked up or the domain does not exist, when it
// refuses a declared sender (spf_sender_not_covered), and with `require` when there is none or
// receivers cannot use it. Everything else wrong with it is a finding. Facts: spf, spf.lookups,
// spf.void_lookups and spf.sender.<ip>.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsSpf(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
