// Formats: the ways in which a report of `postwatch check` can be written.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/check/report.h"

namespace postwatch::cli {

struct FormatOptions {
  bool color = false;                                   // for a terminal; text only
  FindingSeverity fail_on = FindingSeverity::kWarning;  // what is milder fails nothing
};

struct ReportFormat {
  std::string_view name;     // "junit"
  std::string_view meaning;  // a few words for --help
  std::string (*write)(const Report& report, const FormatOptions& options);
};

// THE TABLE (formats.cc): a file pair and a line for each.
std::span<const ReportFormat> ReportFormats();

// Null for a format there is not.
const ReportFormat* FindReportFormat(std::string_view name);

// "text, json, junit".
std::string ReportFormatNames();

}  // namespace postwatch::cli
