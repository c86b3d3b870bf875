#include "common/base/backoff.h"

#include <algorithm>

namespace postwatch {

absl::Duration Backoff::Next(double unit) {
  absl::Duration ceiling = options_.first;
  for (int i = 0; i < failures_ && ceiling < options_.cap; ++i) ceiling *= 2;
  ++failures_;
  return std::max(absl::Milliseconds(1), std::min(ceiling, options_.cap) * (1.0 - unit));
}

}  // namespace postwatch
