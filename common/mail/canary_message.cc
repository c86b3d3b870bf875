#include "common/mail/canary_message.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/mail/mime.h"

namespace postwatch {
namespace {

constexpr size_t kMarkBytes = 16;
constexpr size_t kMaxMessage = 1024 * 1024;

// Header text must stay on its line whatever the configuration says.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c > 0x20 && c < 0x7F) out += c;
  }
  return out;
}

}  // namespace

std::string CanaryMark(std::string_view check_id, const Secret& fleet_key) {
  const std::string_view key = fleet_key.Reveal();
  const std::string what = Concat("canary ", check_id);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(what.data()), what.size(), mac.data(), &length);
  const absl::string_view bytes(reinterpret_cast<const char*>(mac.data()), kMarkBytes);
  return Concat("canary-", absl::BytesToHexString(bytes));
}

std::string ComposeCanary(std::string_view mark, std::string_view address,
                          std::string_view message_id_domain, absl::Time now) {
  const std::string own = OneLine(address);
  std::string out;
  Append(out, "From: <", own, ">\r\nTo: <", own, ">\r\n");
  Append(out, "Date: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", now, absl::UTCTimeZone()),
         "\r\n");
  Append(out, "Message-ID: <", mark, "@", OneLine(message_id_domain), ">\r\n");
  Append(out, "Subject: [mail-probe] please keep: shows that this mailbox is intact\r\n");
  Append(out, "X-Store-Canary: ", mark, "\r\n");
  Append(out, "MIME-Version: 1.0\r\n", "Content-Type: text/plain; charset=utf-8\r\n");
  Append(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
  out += EncodeQuotedPrintable(LetterBody(mark));
  return out;
}

bool HasCanaryMark(std::string_view headers, std::string_view mark) {
  if (HeaderField(headers, "X-Store-Canary") == mark) return true;
  return HeaderField(headers, "Message-ID").starts_with(Concat("<", mark, "@"));
}

Integrity CheckCanary(std::string_view message, std::string_view mark) {
  message = message.substr(0, kMaxMessage);
  const std::string sent = LetterBody(mark);
  Integrity best = Integrity::kCorrupted;
  for (const MimeLeaf& leaf : MimeLeaves(message)) {
    if (leaf.type.starts_with("text/")) best = std::min(best, CompareBody(leaf.text, sent));
  }
  return best;
}

}  // namespace postwatch
