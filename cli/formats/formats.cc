#include "cli/formats/formats.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cli/formats/json_format.h"
#include "cli/formats/junit_format.h"
#include "cli/formats/nagios_format.h"
#include "cli/formats/sarif_format.h"
#include "cli/formats/text_format.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr auto kFormats = std::to_array<ReportFormat>({
    {"text", "for people", TextReport},
    {"json", "described by docs/schema/check.schema.json; also a --baseline", JsonReport},
    {"junit", "test results as CI systems show them", JunitReport},
    {"nagios", "a monitoring plugin's output, with performance data", NagiosReport},
    {"sarif", "SARIF 2.1.0, for code scanning and review tools", SarifReport},
});

}  // namespace

std::span<const ReportFormat> ReportFormats() { return kFormats; }

const ReportFormat* FindReportFormat(std::string_view name) {
  const auto format = std::ranges::find(kFormats, name, &ReportFormat::name);
  return format == kFormats.end() ? nullptr : &*format;
}

std::string ReportFormatNames() {
  std::vector<std::string_view> names;
  for (const ReportFormat& format : kFormats) names.push_back(format.name);
  return Join(names, ", ");
}

}  // namespace postwatch::cli
