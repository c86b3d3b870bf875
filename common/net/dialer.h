// Dialer: opens streams. Names are resolved by whoever calls; a dialer takes addresses.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/net/address.h"
#include "common/net/stream.h"

namespace postwatch {

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
