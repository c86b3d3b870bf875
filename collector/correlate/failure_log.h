// Failure log: the failures of the window, each with a number for as long as it is remembered.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "collector/correlate/reading.h"
#include "common/model/failure_class.h"

namespace postwatch::collector {

struct FailureRecord {
  Reading reading;
  FailureClass klass = FailureClass::kUnspecified;
  double noise = 0;         // how likely it was to happen for no reason
  bool settled = false;     // accounted for by an incident that is over, or withdrawn
  std::string observation;  // id
  std::string reply;        // the server's words, shortened
};

class FailureLog {
 public:
  FailureLog() = default;
  FailureLog(const FailureLog&) = delete;
  FailureLog& operator=(const FailureLog&) = delete;

  FailureId Add(FailureRecord failure);
  // Forgets failures that ended before `oldest`, and the oldest of too many. Returns the first one
  // that is left.
  FailureId Expire(double oldest);

  FailureRecord& At(FailureId id) { return failures_[id - first_]; }
  const FailureRecord& At(FailureId id) const { return failures_[id - first_]; }
  // kNoFailure when it is not known, or no longer.
  FailureId Find(const std::string& observation) const;

  // Too many are remembered: it is time to forget the oldest.
  bool IsOverfull() const;

  FailureId begin() const { return first_; }
  FailureId end() const { return first_ + failures_.size(); }

 private:
  std::deque<FailureRecord> failures_;
  FailureId first_ = 0;
  absl::flat_hash_map<std::string_view, FailureId> by_observation_;  // names are those in the log
};

}  // namespace postwatch::collector
