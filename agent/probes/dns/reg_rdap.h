// Registration by RDAP: whether the domain stays registered, to whom it should be.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/reg_rdap_settings.h.
// Steps: those of FetchWeb for the IANA's list and the registry, then registration. Asks for the
// target and, while the registry does not know it, for the names above it, never for a top-level
// domain. Fails for a registration that is over, on hold or about to end, and for a declared
// registrar or name server that is not there. A registry that does not answer is not tested
// (finding rdap_unavailable): that says nothing of the domain.
// The registry is asked every 6 hours at most, and not before the time that it names in a 429
// (RFC 7480 section 5.5); runs in between judge its last answer.
absl::StatusOr<std::unique_ptr<Probe>> MakeRegRdap(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
