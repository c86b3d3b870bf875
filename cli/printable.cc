#include "cli/printable.h"

#include "common/mail/peer_text.h"

namespace postwatch::cli {

std::string Printable(std::string_view text) {
  std::string out;
  const std::string clean = PeerText(text, text.size());
  for (size_t at = 0; at < clean.size(); ++at) {
    const std::string_view rest = std::string_view(clean).substr(at);
    const bool c1 = rest.size() > 1 && rest[0] == '\xC2' && static_cast<uint8_t>(rest[1]) < 0xA0;
    const bool bidi = (rest >= "\u202A" && rest.substr(0, 3) <= "\u202E") ||
                      (rest >= "\u2066" && rest.substr(0, 3) <= "\u2069");
    if (c1 || bidi) {
      out += '?';
      at += c1 ? 1 : 2;
    } else {
      out += rest[0] == '\n' ? ' ' : rest[0];
    }
  }
  return out;
}

}  // namespace postwatch::cli
