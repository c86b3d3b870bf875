// RDAP client: finds the registry of a domain and asks it, no more often than is polite.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/probes/web_fetch.h"
#include "common/checks/dns/reg_rdap_settings.h"
#include "common/domain/rdap_domain.h"

namespace postwatch::agent {

// Lives as long as its probe, so that what it learnt spares the registry questions.
class RdapClient {
 public:
  // `settings` outlives this.
  explicit RdapClient(const RegRdapSettings& settings) : settings_(settings) {}

  // What the registry says of `domain`, or of the name above it that is registered; at most 6 hours
  // old. The fault is rdap_unavailable, or unspecified when the registry has no answer to give.
  Task<std::optional<Fault>> Ask(const RunContext& context, std::string domain, RdapDomain& answer);

 private:
  Task<std::optional<Fault>> FindServer(const RunContext& context, std::string domain);
  Task<std::optional<Fault>> AskUpward(const RunContext& context, std::string domain);
  Task<std::optional<Fault>> Get(const RunContext& context, std::string url, size_t max_bytes,
                                 HttpAnswer& answer);
  std::optional<Fault> Judge(const RunContext& context, const std::string& url,
                             const HttpAnswer& answer);
  bool MayUse(const Url& url) const;

  const RegRdapSettings& settings_;
  std::string server_;           // ends in a slash; "" while unknown
  absl::Duration server_found_;  // steady
  std::optional<RdapDomain> last_;
  absl::Duration last_asked_;  // steady
  absl::Duration not_before_;  // steady; asked to wait until then
};

}  // namespace postwatch::agent
