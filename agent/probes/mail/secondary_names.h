// Secondary names: what is published about MX hosts, and in what a secondary falls short by that.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/mail/mx_hosts.h"
#include "common/domain/mtasts_policy.h"

namespace postwatch::agent {

struct PublishedHost {
  // The first address whose name does not lead back to it: "192.0.2.2 has no PTR record". "" when
  // all do; nothing where nobody can tell.
  std::optional<std::string> unconfirmed;
  std::optional<bool> tlsa;  // whether it has TLSA records; nothing where nobody can tell
};

struct PublishedNames {
  std::vector<PublishedHost> hosts;  // as many as were looked up, in the order of the MX hosts
  std::optional<MtaStsPolicy> policy;
};

// Steps `dns` and, where the domain has MTA-STS, those of FetchWeb. Touches nothing for good. Takes
// a cancellation as an end; what was found until then stays.
Task<void> LookUpPublished(const RunContext& context, const std::vector<MxHost>& hosts,
                           PublishedNames& names);

// In what the secondary `hosts[index]` falls short: it is an alias; an address of it is in the
// network of one of the best preference; no name leads back to it, it has no TLSA
// record, and the first host has; the policy does not cover it.
std::vector<std::string> PublishedShortcomings(const std::vector<MxHost>& hosts,
                                               const PublishedNames& names, size_t index);

}  // namespace postwatch::agent
