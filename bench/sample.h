// Sample: observations as a fleet really makes them, to be sent and stored by the benchmarks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/model/sighting.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"

namespace postwatch::bench {

inline constexpr size_t kSampleChecks = 40;
inline constexpr size_t kFailEvery = 20;  // one of these many observations failed

// The checks the samples speak about.
std::vector<CheckSpec> SampleChecks();

// A run of smtp.mx with all its steps, facts and transcript, started now; the size of its wire form
// is that of a real one.
Observation SampleObservation(size_t number);

// The same as the collector has it.
collector::Sighting SampleSighting(size_t number, const std::string& agent, uint64_t sequence);

}  // namespace postwatch::bench
