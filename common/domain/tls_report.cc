#include "common/domain/tls_report.h"

#include <utility>

#include "common/base/text.h"
#include "common/domain/report_uri.h"
#include "common/domain/tag_list.h"

namespace postwatch {
namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";

}  // namespace

bool IsTlsReport(std::string_view text) {
  if (!text.starts_with(kVersion)) return false;
  const std::string_view rest = Trim(text.substr(kVersion.size()));
  return rest.starts_with(';');
}

absl::StatusOr<TlsReportRecord> ParseTlsReport(std::string_view text) {
  if (!IsTlsReport(text)) return absl::InvalidArgumentError("it does not start with v=TLSRPTv1;");
  const absl::StatusOr<TagList> tags = TagList::Parse(text);
  if (!tags.ok()) return tags.status();
  const std::string* rua = tags->Find("rua");
  if (rua == nullptr) return absl::InvalidArgumentError("there is no rua=");
  ReportUris found = ParseReportUris(*rua, true);
  if (found.uris.empty()) {
    return absl::InvalidArgumentError(Concat("rua=: ", Join(found.mistakes, "; ")));
  }
  TlsReportRecord record;
  record.rua = std::move(found.uris);
  for (const std::string& mistake : found.mistakes) {
    record.mistakes.push_back(Concat("rua=: ", mistake));
  }
  return record;
}

}  // namespace postwatch
