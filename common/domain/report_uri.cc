#include "common/domain/report_uri.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxUris = 32;
constexpr size_t kMaxQuoted = 100;
constexpr std::string_view kMailto = "mailto:";
constexpr std::string_view kHttps = "https://";

// "!10m", which older DMARC records have (RFC 7489 section 6.2): digits, then a unit or none.
std::string_view WithoutSize(std::string_view uri) {
  const size_t mark = uri.rfind('!');
  if (mark == uri.npos || mark + 1 == uri.size()) return uri;
  std::string_view size = uri.substr(mark + 1);
  if (std::string_view("kmgtKMGT").find(size.back()) != std::string_view::npos) {
    size.remove_suffix(1);
  }
  const bool digits = !size.empty() && size.find_first_not_of("0123456789") == size.npos;
  return digits ? uri.substr(0, mark) : uri;
}

bool IsDomain(std::string_view text) {
  if (text.empty() || text.find('.') == text.npos || text.size() > 253) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::string_view MailtoAddress(std::string_view uri) {
  if (!StartsWithIgnoreCase(uri, kMailto)) return "";
  const std::string_view address = uri.substr(kMailto.size());
  return address.substr(0, address.find('?'));
}

bool IsFine(std::string_view uri, bool takes_https) {
  if (takes_https && StartsWithIgnoreCase(uri, kHttps)) return uri.size() > kHttps.size();
  const std::string_view address = MailtoAddress(uri);
  const size_t at = address.rfind('@');
  return at != address.npos && at > 0 && IsDomain(address.substr(at + 1));
}

}  // namespace

ReportUris ParseReportUris(std::string_view list, bool takes_https) {
  ReportUris found;
  for (const std::string_view part : Split(list, ',')) {
    const std::string_view uri = WithoutSize(Trim(part));
    if (found.uris.size() + found.mistakes.size() == kMaxUris) break;
    if (IsFine(uri, takes_https)) {
      found.uris.emplace_back(uri);
    } else if (uri.empty()) {
      found.mistakes.emplace_back("an address in the list is empty");
    } else {
      found.mistakes.push_back(Concat("'", Truncate(uri, kMaxQuoted), "' is not mailto:user@domain",
                                      takes_https ? " nor https://..." : ""));
    }
  }
  return found;
}

std::string MailtoDomain(std::string_view uri) {
  const std::string_view address = MailtoAddress(uri);
  const size_t at = address.rfind('@');
  return at == address.npos ? "" : AsciiLower(address.substr(at + 1));
}

}  // namespace postwatch
