// DNS PTR: whether the addresses of the domain's mail servers have names that lead back to them,
// which many receivers demand of those who send.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_ptr_settings.h.
// Steps: dns, addresses, names. Nothing here loses mail by itself, so it never fails. Findings for
// each public address of each MX host and each declared sender: ptr_missing, fcrdns_mismatch (no
// name of it has this address), ptr_generic (looks like one of a pool); a reverse zone that cannot
// be asked is the fault it is, not a missing name. Not tested when the MX hosts cannot be found.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsPtr(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
