// Resolver: asks one DNS server, and tells exactly what it said.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/dns/message.h"
#include "common/net/dialer.h"
#include "common/net/task.h"

namespace postwatch {

struct ResolverOptions {
  Address server;                             // port 53 unless said otherwise
  absl::Duration timeout = absl::Seconds(3);  // of one try
  int tries = 2;                              // UDP tries before kTimeout
  int max_in_flight = 256;                    // further queries wait
};

// One server. Not thread-safe; lives on one event loop and must go before it. Queries still waiting
// when it goes end as kCancelled.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // Never an error status: whatever happened is in the reply. TC is retried over TCP. No cache, no
  // search list, no /etc/hosts: the name is asked as it stands.
  virtual Task<DnsReply> Query(DnsQuestion question) = 0;

  // "ip:port"; identifies the resolver as a component.
  virtual std::string name() const = 0;
};

// c-ares as the transport, one channel for this server.
absl::StatusOr<std::unique_ptr<Resolver>> MakeCaresResolver(ResolverOptions options);

// Makes resolvers for servers found along the way (authoritative ones). Injected into probes.
class ResolverFactory {
 public:
  virtual ~ResolverFactory() = default;
  virtual absl::StatusOr<std::unique_ptr<Resolver>> Make(ResolverOptions options) = 0;
};
std::unique_ptr<ResolverFactory> MakeCaresResolverFactory();

// The servers of /etc/resolv.conf text ("nameserver" lines), in order. At most 8.
std::vector<Address> ParseResolvConf(std::string_view text);

// The A or AAAA addresses of `owner` (canonical) in a reply, following at most 8 CNAMEs within it.
// None when its code is not NOERROR.
std::vector<std::string> AddressesIn(const DnsMessage& message, std::string owner, RrType family);

// A or AAAA addresses of `host`, as AddressesIn finds them. `reply` is always the last reply seen,
// for classification when `addresses` is empty.
struct AddressLookup {
  std::vector<std::string> addresses;
  DnsReply reply;
};
Task<AddressLookup> LookUpAddresses(Resolver& resolver, std::string host, RrType family);

}  // namespace postwatch
