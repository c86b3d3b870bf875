#include "collector/correlate/failure_log.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxFailures = 200000;
constexpr size_t kSlack = kMaxFailures / 4;  // forgetting costs the same for few as for many

}  // namespace

FailureId FailureLog::Add(FailureRecord failure) {
  const FailureId id = end();
  failures_.push_back(std::move(failure));
  const std::string& name = failures_.back().observation;
  if (!name.empty()) by_observation_.emplace(name, id);
  return id;
}

FailureId FailureLog::Expire(double oldest) {
  while (!failures_.empty() &&
         (failures_.size() > kMaxFailures || failures_.front().reading.ended < oldest)) {
    const auto named = by_observation_.find(failures_.front().observation);
    if (named != by_observation_.end() && named->second == first_) by_observation_.erase(named);
    failures_.pop_front();
    ++first_;
  }
  return first_;
}

bool FailureLog::IsOverfull() const { return failures_.size() > kMaxFailures + kSlack; }

FailureId FailureLog::Find(const std::string& observation) const {
  const auto it = by_observation_.find(observation);
  return it == by_observation_.end() ? kNoFailure : it->second;
}

}  // namespace postwatch::collector
