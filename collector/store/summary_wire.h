// Summary wire: hourly summaries as bytes (proto/postwatch/v1/incident.proto).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collector/model/hour_summary.h"

namespace postwatch::collector {

std::string SerializeSummary(const HourSummary& summary);
// DataLoss when the bytes are not what they should be.
absl::StatusOr<HourSummary> ParseSummary(std::string_view bytes);

}  // namespace postwatch::collector
