#include "common/mail/peer_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/net/net_error.h"

namespace postwatch {
namespace {

constexpr std::string_view kMask = "***";
// A shorter tail of a cut text says nothing about a password.
constexpr size_t kShortestTail = 4;
// A shorter response gives no secret away.
constexpr size_t kShortestForm = 8;

// Length of the well-formed UTF-8 sequence at the start of `bytes` (RFC 3629), 0 if there is none.
size_t Utf8Length(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : (lead & 0xF0) == 0xE0        ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

void ReplaceAll(std::string& text, std::string_view form) {
  for (size_t at = text.find(form); at != text.npos; at = text.find(form, at + kMask.size())) {
    text.replace(at, form.size(), kMask);
  }
}

// The start of `form` at the very end of `text`.
void MaskTail(std::string& text, std::string_view form) {
  for (size_t length = std::min(form.size(), text.size()); length >= kShortestTail; --length) {
    if (!text.ends_with(form.substr(0, length))) continue;
    text.replace(text.size() - length, length, kMask);
    return;
  }
}

}  // namespace

std::string PeerText(std::string_view bytes, size_t max_bytes) {
  std::string out;
  out.reserve(std::min(bytes.size(), max_bytes));
  while (!bytes.empty()) {
    const size_t length = Utf8Length(bytes);
    const size_t taken = std::max<size_t>(length, 1);
    if (out.size() + taken > max_bytes) break;
    const char c = bytes[0];
    if (length == 0) {
      out += '?';
    } else if (length > 1 || (c >= 0x20 && c != 0x7F) || c == '\n') {
      out += bytes.substr(0, length);
    } else {
      out += c == '\t' ? ' ' : '?';
    }
    bytes.remove_prefix(taken);
  }
  return out;
}

std::string Base64(std::string_view bytes) { return absl::Base64Escape(ToAbsl(bytes)); }

std::string SaslPlain(std::string_view username, std::string_view password) {
  std::string message;
  message += '\0';
  message += username;
  message += '\0';
  message += password;
  std::string encoded = Base64(message);
  WipeBytes(message);
  return encoded;
}

CredentialScrubber::CredentialScrubber(std::string_view username, std::string_view password) {
  if (password.empty()) return;
  std::string quoted;
  for (const char c : password) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  Add(std::move(quoted));
  Add(std::string(password));
  Add(PeerText(password));
  Add(Base64(password));
  Add(SaslPlain(username, password));
  SortForms();
}

void CredentialScrubber::AddForm(std::string form) {
  if (form.size() < kShortestForm) return;
  Add(std::move(form));
  SortForms();
}

void CredentialScrubber::SortForms() {
  std::sort(forms_.begin(), forms_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

CredentialScrubber::~CredentialScrubber() {
  for (std::string& form : forms_) WipeBytes(form);
}

void CredentialScrubber::Add(std::string form) {
  while (form.size() > 1 && form.back() == '=') form.pop_back();  // padding gives nothing away
  if (!form.empty()) forms_.push_back(std::move(form));
}

std::string CredentialScrubber::Scrub(std::string text) const {
  const bool cut = text.size() + 4 > kMaxPeerText;
  for (const std::string& form : forms_) {
    ReplaceAll(text, form);
    if (cut) MaskTail(text, form);
  }
  return text;
}

absl::Status CredentialScrubber::ScrubStatus(const absl::Status& status) const {
  if (GetNetError(status).has_value()) return status;
  return {status.code(), ToAbsl(Scrub(std::string(FromAbsl(status.message()))))};
}

}  // namespace postwatch
