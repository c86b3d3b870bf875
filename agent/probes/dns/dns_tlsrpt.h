// DNS TLS-RPT: whether senders that cannot use TLS with the domain's servers can tell somebody.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: none. Step: dns. Fails only when the name cannot be looked up or the domain does not
// exist; a missing or broken record is a finding. Fact: tlsrpt.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsTlsrpt(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
