#include "collector/ingest/intake.h"

#include <algorithm>
#include <limits>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"

namespace postwatch::collector {
namespace {

constexpr int kMaxBatch = 512;
constexpr uint64_t kMaxSequence = std::numeric_limits<int64_t>::max();  // what stores can hold
constexpr absl::Duration kMaxAhead = absl::Minutes(5);
constexpr absl::Duration kMaxBehind = absl::Hours(24 * 7);
constexpr absl::Duration kMaxClockCorrection = absl::Hours(1);
// Stands for any check id nobody assigned: a peer must not fill our indexes with names.
constexpr std::string_view kUnassigned = "unassigned";

absl::Status CheckBatch(const v1::ObservationBatch& batch, uint64_t last) {
  const int count = batch.observations_size();
  if (count < 1 || count > kMaxBatch) {
    return absl::InvalidArgumentError(
        Concat("batch: has ", count, " observations, allowed are 1 to ", kMaxBatch));
  }
  const uint64_t first = batch.first_sequence();
  if (first == 0 || first > kMaxSequence - kMaxBatch) {
    return absl::InvalidArgumentError(Concat("batch.first_sequence: ", first, " is no number"));
  }
  if (first <= last) {
    return absl::InvalidArgumentError(
        Concat("batch.first_sequence: ", first, " goes back behind ", last));
  }
  return absl::OkStatus();
}

Observation Refused(const v1::Observation& message, const CheckSpec* spec, std::string_view reason,
                    absl::Time now) {
  Observation out;
  out.id = IsRandomId(message.id()) ? message.id() : RandomId();
  out.check_id = spec != nullptr ? spec->id : std::string(kUnassigned);
  out.kind = spec != nullptr ? spec->kind : std::string(kUnassigned);
  out.target = spec != nullptr ? spec->target : "";
  out.started = now;
  out.outcome = Outcome::kNotTested;
  out.not_tested_reason = Concat("refused: ", reason);
  return out;
}

}  // namespace

void Intake::SetClockOffset(absl::Duration offset) {
  clock_offset_ = std::clamp(offset, -kMaxClockCorrection, kMaxClockCorrection);
}

// Empty: nothing to say against it.
std::string_view Intake::Judge(const Observation& observation, const CheckSpec* spec,
                               absl::Time now) const {
  if (spec == nullptr) return refusal::kNotAssigned;
  if (observation.kind != spec->kind || observation.target != spec->target) {
    return refusal::kOtherCheck;
  }
  const absl::Duration ahead = observation.started - clock_offset_ - now;
  if (ahead > kMaxAhead) return refusal::kFutureDated;
  if (ahead < -kMaxBehind) return refusal::kTooOld;
  return {};
}

absl::StatusOr<Taken> Intake::Take(const v1::ObservationBatch& batch, const Assignment& assignment,
                                   absl::Time now) {
  absl::Status sensible = CheckBatch(batch, last_);
  if (!sensible.ok()) return sensible;
  Taken taken;
  taken.sightings.reserve(static_cast<size_t>(batch.observations_size()));
  uint64_t sequence = batch.first_sequence();
  for (const v1::Observation& message : batch.observations()) {
    const auto found = assignment.by_id.find(message.check_id());
    const CheckSpec* spec = found == assignment.by_id.end() ? nullptr : &found->second;
    absl::StatusOr<Observation> observation = FromProto(message);
    const std::string_view refused =
        observation.ok() ? Judge(*observation, spec, now) : refusal::kMalformed;
    Sighting& sighting = taken.sightings.emplace_back();
    if (refused.empty()) {
      sighting.observation = *std::move(observation);
    } else {
      sighting.observation = Refused(message, spec, refused, now);
      taken.refusals.push_back(refused);
    }
    sighting.vantage = vantage_;
    sighting.provider = spec != nullptr ? spec->provider : "";
    sighting.leg = spec != nullptr ? spec->leg : Leg::kControl;
    sighting.spool_id = spool_id_;
    sighting.sequence = sequence++;
    sighting.received = now;
  }
  last_ = sequence - 1;
  return taken;
}

}  // namespace postwatch::collector
