#include "cli/formats/xml_text.h"

#include "common/base/text.h"
#include "common/mail/peer_text.h"

namespace postwatch::cli {
namespace {

// Valid UTF-8, yet no character of XML 1.0 (section 2.2).
bool IsNoncharacter(std::string_view text) {
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

}  // namespace

std::string XmlText(std::string_view text) {
  std::string kept;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) continue;
    if (IsNoncharacter(text.substr(at))) {
      at += 2;
      continue;
    }
    kept += text[at];
  }
  std::string out;
  for (const char c : PeerText(kept, kept.size())) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace postwatch::cli
