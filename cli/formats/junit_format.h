// JUnit format: a report as test results, for CI systems.
#pragma once

#include <string>

#include "cli/formats/formats.h"

namespace postwatch::cli {

// JUnit XML: a suite for each leg, a case for each check. A case fails by the findings that count
// (fail_on, baseline); the others are in the output of its suite.
std::string JunitReport(const Report& report, const FormatOptions& options);

}  // namespace postwatch::cli
