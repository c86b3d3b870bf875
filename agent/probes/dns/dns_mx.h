// DNS MX: whether the world can find the domain's mail servers, seen through the agent's resolver.
#pragma once

#include "agent/probes/probe.h"

namespace postwatch::agent {

// Settings: common/checks/dns/dns_mx_settings.h.
// Steps: dns, addresses. Fails when no MX host has a usable address; a host without one beside
// others is a finding, and so are an alias (dns_mx_cname) and a private address. Fact
// mx.same_network: all addresses of several hosts are in one network.
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsMx(const CheckSpec& spec, const ProbeDeps& deps);

}  // namespace postwatch::agent
