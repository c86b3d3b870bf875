#include "collector/ingest/owed.h"

#include <utility>

#include "collector/ingest/agent_orders.h"

namespace postwatch::collector {

std::optional<v1::CollectorMessage> Owed::Next(const collector::Assignment& assignment,
                                               const std::vector<std::string>& probe_kinds) {
  if (share_ != sent_share_) {
    sent_share_ = share_;
    return MakeShare(share_);
  }
  if (std::exchange(assignment_, false)) {
    v1::CollectorMessage message;
    *message.mutable_assignment() = AssignmentFor(assignment, probe_kinds);
    const uint64_t version = message.assignment().version();
    if (std::exchange(sent_version_, version) != version) return message;
  }
  if (const auto sequence = std::exchange(acknowledged_, std::nullopt)) {
    return MakeAcknowledgement(*sequence);
  }
  if (const auto sequence = std::exchange(unstored_, std::nullopt)) return MakeUnstored(*sequence);
  return std::nullopt;
}

}  // namespace postwatch::collector
