// Report URIs: where receivers are asked to send reports, in DMARC (RFC 9990) and TLS-RPT records
// (RFC 8460 section 3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postwatch {

struct ReportUris {
  std::vector<std::string>
      uris;  // those that are fine, as written, a size limit ("!10m") taken off
  std::vector<std::string> mistakes;  // what is wrong with each of the others
};

// A list with commas between. mailto: is always fine, https: where `takes_https`. At most 32.
ReportUris ParseReportUris(std::string_view list, bool takes_https);

// The domain a mailto: URI sends to, in small letters; "" for any other URI.
std::string MailtoDomain(std::string_view uri);

}  // namespace postwatch
