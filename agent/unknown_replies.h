// UnknownReplies: counts what servers said that no rule was written for, and keeps each text once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "common/base/log_budget.h"
#include "common/model/observation.h"

namespace postwatch::agent {

// Texts for whoever writes rules (docs/classifier.md). At most 1000 different ones are told, ten a
// minute; texts that differ in numbers, identifiers and addresses only count as one.
class UnknownReplies {
 public:
  using Tell = std::function<void(const Reply& reply, const Observation& observation)>;

  // Logs them.
  UnknownReplies();
  explicit UnknownReplies(Tell tell) : tell_(std::move(tell)) {}

  // Looks at the failure and the findings. `now` is steady time.
  void Count(const Observation& observation, absl::Duration now);

  uint64_t count() const { return count_; }

 private:
  void Take(const Failure& failure, const Observation& observation, absl::Duration now);

  Tell tell_;
  uint64_t count_ = 0;
  std::unordered_set<size_t> told_;  // hashes
  LogBudget budget_{10};
};

}  // namespace postwatch::agent
