// JSON format: a report for programs (docs/schema/check.schema.json).
#pragma once

#include <string>

#include "cli/formats/formats.h"
#include "common/base/json.h"

namespace postwatch::cli {

// One line.
std::string JsonReport(const Report& report, const FormatOptions& options);

// One finding as an object, as it stands in a report.
void WriteFinding(JsonWriter& out, const Finding& finding);

}  // namespace postwatch::cli
