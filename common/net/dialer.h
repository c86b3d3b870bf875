// Dialer: opens streams. Names are resolved by whoever calls; a dialer takes addresses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/net/stream.h"

namespace postwatch {

struct Address {
  std::string ip;  // IPv4 or IPv6 literal
  uint16_t port = 0;
};

// "198.18.11.2:25", "[2001:db8::1]:25".
std::string AddressText(const Address& address);

class Dialer {
 public:
  virtual ~Dialer() = default;

  // A plain TCP connection. Errors: kUnreachable, kRefused, kTimeout, kCancelled.
  virtual Task<absl::StatusOr<std::unique_ptr<Stream>>> Dial(Address address,
                                                             absl::Duration timeout) = 0;
};

// Real sockets, on the executor of the calling coroutine.
std::unique_ptr<Dialer> MakeTcpDialer();

}  // namespace postwatch
