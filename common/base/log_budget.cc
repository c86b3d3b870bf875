#include "common/base/log_budget.h"

#include <utility>

namespace postwatch {

std::optional<uint64_t> LogBudget::Take(absl::Duration now) {
  if (!minute_.has_value() || now - *minute_ >= absl::Minutes(1)) {
    minute_ = now;
    written_ = 0;
  }
  if (written_ >= lines_) {
    ++held_back_;
    return std::nullopt;
  }
  ++written_;
  return std::exchange(held_back_, 0);
}

}  // namespace postwatch
