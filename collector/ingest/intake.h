// Intake: turns what one agent sends into sightings, and refuses what cannot be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/ingest/assignment.h"
#include "collector/model/sighting.h"
#include "postwatch/v1/received.pb.h"

namespace postwatch::collector {

// Why single observations are refused; labels of a metric.
namespace refusal {
inline constexpr std::string_view kMalformed = "malformed";        // out of the wire's bounds
inline constexpr std::string_view kFutureDated = "future_dated";   // more than 5 min ahead of us
inline constexpr std::string_view kTooOld = "too_old";             // more than 7 days behind
inline constexpr std::string_view kNotAssigned = "not_assigned";   // nobody asked for this check
inline constexpr std::string_view kOtherCheck = "not_that_check";  // kind or target do not fit
}  // namespace refusal

struct Taken {
  std::vector<Sighting> sightings;         // one for each observation of the batch
  std::vector<std::string_view> refusals;  // a reason for each one refused
};

// One stream's. Not thread-safe.
class Intake {
 public:
  // `stored` is what the store has of this spool.
  Intake(Vantage vantage, std::string spool_id, uint64_t stored)
      : vantage_(std::move(vantage)), spool_id_(std::move(spool_id)), last_(stored) {}

  // The agent's wall clock minus ours. Believed up to an hour either way.
  void SetClockOffset(absl::Duration offset);

  // The sightings' observations are checked whole, but come without steps and evidence
  // (sighting.h). A refused observation still has its place in the sequence, or the agent would
  // send it for ever: it becomes `not_tested` with the reason "refused: ...", which says nothing
  // about any target. InvalidArgument, and nothing is taken, when the batch as a whole makes no
  // sense: no observations or more than 512, or sequence numbers that go back. A gap before the
  // batch is fine: the agent's bounded spool dropped some.
  absl::StatusOr<Taken> Take(v1::ReceivedBatch batch, const Assignment& assignment, absl::Time now);

 private:
  std::string_view Judge(const Observation& observation, const CheckSpec* spec,
                         absl::Time now) const;
  // Answers why it is refused; empty when it is not.
  std::string_view TakeOne(std::string bytes, const Assignment& assignment,
                           Sighting& sighting) const;

  Vantage vantage_;
  std::string spool_id_;
  uint64_t last_;  // the highest sequence number taken or stored
  absl::Duration clock_offset_;
};

}  // namespace postwatch::collector
