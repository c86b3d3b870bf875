// Text format: a report for people.
#pragma once

#include <string>

#include "cli/formats/formats.h"

namespace postwatch::cli {

// Grouped by leg; what passed in one line each with what was seen, findings with the server's words
// and what to do; the verdict is the last line. No line is longer than 100 columns, unless a single
// word is.
std::string TextReport(const Report& report, const FormatOptions& options);

}  // namespace postwatch::cli
