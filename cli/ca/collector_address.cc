#include "cli/ca/collector_address.h"

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxAddress = 253;
constexpr std::string_view kHostCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";

}  // namespace

bool IsCollectorAddress(std::string_view text) {
  if (text.size() > kMaxAddress || text.find_first_not_of(kHostCharacters) != text.npos) {
    return false;
  }
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  const bool has_port = colon != text.npos && (bracket == text.npos || colon > bracket);
  const std::string_view host = text.substr(0, has_port ? colon : text.npos);
  const bool bare_ipv6 = bracket == text.npos && host.find(':') != host.npos;
  if (host.empty() || bare_ipv6) return false;
  if (!has_port) return true;
  const std::optional<int64_t> port = ParseInteger(text.substr(colon + 1));
  return port && *port >= 1 && *port <= 65535;
}

}  // namespace postwatch::cli
