// DialAll: tries several addresses at once.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/net/dialer.h"
#include "common/net/task.h"

namespace postwatch {

// One outcome an address, in their order, each as Dialer::Dial has it. Takes as long as the
// slowest. `dialer` must outlive the task.
Task<std::vector<absl::StatusOr<std::unique_ptr<Stream>>>> DialAll(Dialer& dialer,
                                                                   std::vector<Address> addresses,
                                                                   absl::Duration timeout);

}  // namespace postwatch
