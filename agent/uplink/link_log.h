// LinkLog: what the link to the collector says in the log, and how seldom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/log_budget.h"

namespace postwatch::agent {

class LinkLog {
 public:
  // The stream is gone. A collector that stays away is worth one line, not one every few seconds.
  void Closed(const absl::Status& status, absl::Duration again_in, uint64_t waiting);
  // The collector is there again.
  void Welcomed() { last_closed_.clear(); }
  // `now` is steady time. At most two lines a minute.
  void SpoolFails(std::string_view operation, const absl::Status& status, absl::Duration now);

 private:
  std::string last_closed_;
  LogBudget spool_lines_{2};
};

}  // namespace postwatch::agent
