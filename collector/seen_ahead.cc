#include "collector/seen_ahead.h"

namespace postwatch::collector {
namespace {

void LeaveOut(std::vector<Sighting>& batch, uint64_t seen) {
  std::erase_if(batch, [seen](const Sighting& sighting) { return sighting.sequence <= seen; });
}

}  // namespace

void SeenAhead::See(std::vector<Sighting>& batch) {
  if (batch.empty()) return;
  Spool& spool = spools_[batch.front().vantage.agent];
  if (spool.id != batch.front().spool_id) spool = {batch.front().spool_id, 0};
  const uint64_t last = batch.back().sequence;
  LeaveOut(batch, spool.seen);
  spool.seen = std::max(spool.seen, last);
}

void SeenAhead::Stored(std::vector<Sighting>& batch) {
  if (spools_.empty() || batch.empty()) return;
  const auto found = spools_.find(batch.front().vantage.agent);
  if (found == spools_.end() || found->second.id != batch.front().spool_id) return;
  const uint64_t seen = found->second.seen;
  if (batch.back().sequence >= seen) spools_.erase(found);
  LeaveOut(batch, seen);
}

}  // namespace postwatch::collector
