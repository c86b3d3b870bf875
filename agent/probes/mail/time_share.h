// Time share: the time of one run, fairly shared among the servers it visits one after the other.
#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "agent/probes/failure_mapping.h"
#include "agent/probes/probe.h"

namespace postwatch::agent {

// The part of a run's time that visits may use; the rest is for the verdict.
absl::Duration VisitingTime(const CheckSpec& spec);

// How long the next of `left` visits may take: all that remains but 10 s for each of the others,
// and never less than an equal share.
absl::Duration ShareOf(absl::Duration remaining, size_t left);

// Runs `work` and cancels it when the limit is over. Whether the limit was. `work` must take a
// cancellation as an error, not as an exception (throw_if_cancelled(false)).
Task<bool> ExpiresWithin(EventClock& clock, absl::Duration limit, Task<void> work);

// What became of a visit that used up its share: the timeout of the step that was running.
Fault LateFault(const StepRecorder& run, absl::Duration share);

}  // namespace postwatch::agent
