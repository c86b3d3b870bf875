#include "common/base/ids.h"

#include <sys/random.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch {

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  size_t have = 0;
  while (have < count) {
    const ssize_t got = ::getrandom(bytes.data() + have, count - have, 0);
    if (got <= 0) std::abort();
    have += static_cast<size_t>(got);
  }
  return bytes;
}

std::string RandomId() { return absl::BytesToHexString(RandomBytes(16)); }

double RandomUnit() {
  const std::string bytes = RandomBytes(sizeof(uint64_t));
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return static_cast<double>(value >> 11) / static_cast<double>(uint64_t{1} << 53);
}

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  for (const char c : text) {
    const bool ok =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (!ok) return false;
  }
  return true;
}

bool IsDomainName(std::string_view text) {
  if (text.size() > 253 || text.find('.') == text.npos) return false;
  for (const std::string_view label : Split(text, '.')) {
    if (!IsName(label) || label.find('.') != label.npos) return false;
    if (label.front() == '-' || label.back() == '-') return false;
  }
  // An IP address is none: no top-level domain is a number (RFC 3696 section 2).
  return !ParseInteger(text.substr(text.rfind('.') + 1)).has_value();
}

}  // namespace postwatch
