// SARIF format: a report for tools that review results (OASIS SARIF 2.1.0).
#pragma once

#include <string>

#include "cli/formats/formats.h"

namespace postwatch::cli {

// One run. Rules are the failure classes found, results the findings, with the domain and the check
// as locations; what was not tested is a notification of the invocation.
std::string SarifReport(const Report& report, const FormatOptions& options);

}  // namespace postwatch::cli
