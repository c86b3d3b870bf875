// Mail DNS: finds addresses and MX hosts for a run, and says exactly why it could not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/probes/failure_mapping.h"
#include "agent/probes/probe.h"
#include "common/model/check_spec.h"

namespace postwatch::agent {

// One run and what it may use. Lives in the frame of Probe::Run.
struct RunContext {
  const ProbeDeps& deps;
  const CheckSpec& spec;
  StepRecorder& run;

  // The name the target's provider goes by in components; the target itself where none is known.
  const std::string& provider() const {
    return spec.provider.empty() ? spec.target : spec.provider;
  }
};

// Not reachable from the public Internet: RFC 1918, loopback, link-local, CGN, unique local, "this
// network". Benchmark and documentation networks do not count. False for what is no address.
bool IsPrivateAddress(std::string_view ip);
// Whether `name` is `domain` or below it; both as they come.
bool IsWithin(std::string_view name, std::string_view domain);

// The name by which components know the zone of `name`: the target, or else the parent of the name.
std::string ZoneLabel(const RunContext& context, std::string_view name);

// Declares that the run depends on the agent's resolver, on the zone of `name` (the target's, or
// else the parent of the name), and on who runs that zone's name servers where that is known.
void TouchDns(const RunContext& context, std::string_view name);

struct HostAddresses {
  std::vector<std::string> v4, v6;
  bool is_alias = false;  // the host's own record is a CNAME
  bool empty() const { return v4.empty() && v6.empty(); }
};

enum class AddressFamilies {
  kEither,  // AAAA is asked only when there is no A
  kBoth,
};

// Addresses of `host`, which may be an IP literal (then nothing is asked or touched). At most 8 of
// a family. The fault is the lookup's own: dns_nxdomain, dns_nodata when there is no address,
// dns_loop, ...; a family that fails beside one that works is only mentioned.
Task<std::optional<Fault>> ResolveHost(const RunContext& context, std::string host,
                                       AddressFamilies families, HostAddresses& addresses);

struct MxHosts {
  std::vector<MxRecord> hosts;  // best first; at most 16
  bool implicit = false;        // no MX record: the domain itself (RFC 5321 section 5.1)
  bool null_beside = false;     // a null MX too, which should be alone (RFC 7505 section 3)
  bool authenticated = false;   // the resolver's AD bit
};

// MX hosts of `domain`. The fault is exact: dns_nxdomain, dns_nodata (neither MX nor address),
// dns_servfail or dns_dnssec_bogus, dns_null_mx (RFC 7505), ... Records the facts mx, mx.ttl and
// mx.authenticated (the resolver's AD bit).
Task<std::optional<Fault>> LookUpMx(const RunContext& context, std::string domain, MxHosts& mx);

}  // namespace postwatch::agent
