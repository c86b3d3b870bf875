#include "collector/correlate/failure_log.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxFailures = 200000;

}  // namespace

FailureId FailureLog::Add(FailureRecord failure) {
  const FailureId id = end();
  if (!failure.observation.empty()) by_observation_.emplace(failure.observation, id);
  failures_.push_back(std::move(failure));
  return id;
}

FailureId FailureLog::Expire(double oldest) {
  while (!failures_.empty() &&
         (failures_.size() > kMaxFailures || failures_.front().reading.ended < oldest)) {
    by_observation_.erase(failures_.front().observation);
    failures_.pop_front();
    ++first_;
  }
  return first_;
}

FailureId FailureLog::Find(const std::string& observation) const {
  const auto it = by_observation_.find(observation);
  return it == by_observation_.end() ? kNoFailure : it->second;
}

}  // namespace postwatch::collector
