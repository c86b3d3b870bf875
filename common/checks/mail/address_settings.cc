#include "common/checks/mail/address_settings.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxAddressBytes = 254;  // RFC 5321 section 4.5.3.1.3

}  // namespace

std::string AddressMistake(const std::string& text) {
  const size_t at = text.rfind('@');
  const bool parted = at != text.npos && at != 0 && at + 1 != text.size();
  const bool clean = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>' || c == 0x7f;
  });
  if (parted && clean && text.size() <= kMaxAddressBytes) return "";
  return Concat("'", text, "' is not a mail address");
}

std::string ReadAddressAt(SettingsReader& in, std::string_view key, std::string_view domain) {
  std::string address = in.String(key, "");
  if (address.empty()) return address;
  const std::string wrong = AddressMistake(address);
  if (!wrong.empty()) {
    in.Complain(key, wrong);
  } else if (!EqualsIgnoreCase(address.substr(address.rfind('@') + 1), domain)) {
    in.Complain(key, Concat("'", address, "' is not an address at ", domain));
  }
  return address;
}

void ReadOwn(SettingsReader& in) {
  if (in.Bool("own", false)) return;
  in.Complain("own", "must be true: this is tried at servers of one's own only");
}

}  // namespace postwatch
