#include "common/mail/dsn_request.h"

#include "common/base/text.h"

namespace postwatch {
namespace {

// RFC 3461 sections 4.2 and 4.4.
constexpr size_t kMaxOriginalRecipient = 500;
constexpr size_t kMaxEnvelopeId = 100;

// RFC 3461 section 4: what is not printable, "+" and "=" as "+" and two hexadecimal digits.
std::string Xtext(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c > 0x20 && c < 0x7F && c != '+' && c != '=') {
      out += c;
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    out += '+';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
  return out;
}

}  // namespace

std::vector<std::string> DsnMailParameters(std::string_view envelope_id) {
  std::vector<std::string> parameters{"RET=HDRS"};
  const std::string id = Xtext(envelope_id);
  if (id.size() <= kMaxEnvelopeId) parameters.push_back(Concat("ENVID=", id));
  return parameters;
}

std::vector<std::string> DsnRcptParameters(std::string_view recipient) {
  std::vector<std::string> parameters{"NOTIFY=FAILURE,DELAY"};
  const std::string original = Concat("rfc822;", Xtext(recipient));
  if (original.size() <= kMaxOriginalRecipient) {
    parameters.push_back(Concat("ORCPT=", original));
  }
  return parameters;
}

}  // namespace postwatch
