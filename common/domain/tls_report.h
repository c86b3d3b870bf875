// TlsReportRecord: where senders are asked to report failures of TLS (RFC 8460 section 3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

struct TlsReportRecord {
  std::vector<std::string> rua;  // mailto: and https: URIs; never empty
  // What is wrong beside them.
  std::vector<std::string> mistakes;
};

// Whether a TXT record is a TLS-RPT record: "v=TLSRPTv1;" comes first. Others are discarded unread.
bool IsTlsReport(std::string_view text);

// InvalidArgument where senders cannot use it: a part that is no tag, no rua= that can be sent to.
// Tags nobody knows are no mistake.
absl::StatusOr<TlsReportRecord> ParseTlsReport(std::string_view text);

}  // namespace postwatch
