// Nagios format: a report as monitoring plugins write it.
#pragma once

#include <string>

#include "cli/formats/formats.h"

namespace postwatch::cli {

// "MAIL CRITICAL - what | performance data", then a line for each finding. The word in the first
// line agrees with the exit code.
std::string NagiosReport(const Report& report, const FormatOptions& options);

}  // namespace postwatch::cli
