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

absl::Status CheckBatch(const v1::ReceivedBatch& batch, uint64_t last) {
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

const CheckSpec* Find(const Assignment& assignment, const std::string& check_id) {
  const auto found = assignment.by_id.find(check_id);
  return found == assignment.by_id.end() ? nullptr : &found->second;
}

// What can be read of one that is out of bounds, to tell which it was.
Observation ReadRemains(const std::string& bytes) {
  v1::Observation message;
  const bool read = message.ParseFromString(bytes);
  Observation out;
  if (read) out.id = message.id();
  if (read) out.check_id = message.check_id();
  return out;
}

Observation Refused(const std::string& id, const CheckSpec* spec, std::string_view reason,
                    absl::Time now) {
  Observation out;
  out.id = IsRandomId(id) ? id : RandomId();
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

std::string_view Intake::TakeOne(std::string bytes, const Assignment& assignment,
                                 Sighting& sighting) const {
  absl::StatusOr<Observation> parsed = ParseObservation(bytes, ObservationParts::kWithoutDetails);
  const bool sound = parsed.ok();
  Observation observation = sound ? *std::move(parsed) : ReadRemains(bytes);
  const CheckSpec* spec = Find(assignment, observation.check_id);
  const std::string_view refused =
      sound ? Judge(observation, spec, sighting.received) : refusal::kMalformed;
  if (refused.empty()) {
    sighting.observation = std::move(observation);
    sighting.wire = std::move(bytes);
  } else {
    sighting.observation = Refused(observation.id, spec, refused, sighting.received);
  }
  sighting.provider = spec != nullptr ? spec->provider : "";
  sighting.leg = spec != nullptr ? spec->leg : Leg::kControl;
  return refused;
}

absl::StatusOr<Taken> Intake::Take(v1::ReceivedBatch batch, const Assignment& assignment,
                                   absl::Time now) {
  absl::Status sensible = CheckBatch(batch, last_);
  if (!sensible.ok()) return sensible;
  Taken taken;
  taken.sightings.reserve(static_cast<size_t>(batch.observations_size()));
  uint64_t sequence = batch.first_sequence();
  for (std::string& bytes : *batch.mutable_observations()) {
    Sighting& sighting = taken.sightings.emplace_back();
    sighting.vantage = vantage_;
    sighting.spool_id = spool_id_;
    sighting.sequence = sequence++;
    sighting.received = now;
    sighting.revision = assignment.revision;
    const std::string_view refused = TakeOne(std::move(bytes), assignment, sighting);
    if (!refused.empty()) taken.refusals.push_back(refused);
  }
  last_ = sequence - 1;
  return taken;
}

}  // namespace postwatch::collector
