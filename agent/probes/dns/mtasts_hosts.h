// MTA-STS hosts: whether MX hosts are what a policy demands, as senders that honour it see them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/dns/mail_dns.h"

namespace postwatch::agent {

// Each host must offer STARTTLS and show a certificate that verifies for its name (RFC 8461
// section 4.1); one that does not is passed over by senders. When the policy is enforced and none
// is left that could be used, that is the fault (tls_mtasts_mismatch); else it is a finding. A host
// that cannot be reached says nothing here, nor one that is not done with in its share of the time
// until `end` (steady). What was touched is taken back, a fault's excepted.
Task<std::optional<Fault>> VisitPolicyHosts(const RunContext& context,
                                            std::vector<std::string> hosts, bool enforced,
                                            absl::Duration end);

}  // namespace postwatch::agent
