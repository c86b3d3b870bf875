#include "common/mail/probe_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr std::string_view kTokenPrefix = "pw1.";
constexpr size_t kIdDigits = 32;
constexpr size_t kMacBytes = 16;
constexpr size_t kMaxToken = 160;
// Candidates verified per text: each costs an HMAC, and the text is anybody's.
constexpr int kMaxCandidates = 20;
constexpr int kDotsOfToken = 4;  // at least; a route may hold more

std::string Mac(std::string_view signed_part, const Secret& fleet_key) {
  const std::string_view key = fleet_key.Reveal();
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(), mac.data(),
       &length);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(mac.data()), kMacBytes));
}

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool IsTokenChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// Whether a word looks as SignToken writes it.
bool HasForm(std::string_view word) {
  return std::count(word.begin(), word.end(), '.') >= kDotsOfToken &&
         word.size() > kIdDigits + 2 * kMacBytes;
}

}  // namespace

std::string SignToken(const ProbeToken& token, const Secret& fleet_key) {
  const std::string signed_part =
      Concat(kTokenPrefix, token.probe_id, ".", token.route, ".", absl::ToUnixSeconds(token.sent));
  return Concat(signed_part, ".", Mac(signed_part, fleet_key));
}

std::optional<ProbeToken> VerifyToken(std::string_view text, const Secret& fleet_key) {
  if (text.size() > kMaxToken || !text.starts_with(kTokenPrefix)) return std::nullopt;
  const size_t mac_dot = text.rfind('.');
  const std::string_view signed_part = text.substr(0, mac_dot);
  const std::string_view mac = text.substr(mac_dot + 1);
  const std::string expected = Mac(signed_part, fleet_key);
  if (mac.size() != expected.size() ||
      CRYPTO_memcmp(mac.data(), expected.data(), expected.size()) != 0) {
    return std::nullopt;
  }
  if (signed_part.size() <= kTokenPrefix.size()) return std::nullopt;
  const std::string_view fields = signed_part.substr(kTokenPrefix.size());
  const size_t sent_dot = fields.rfind('.');
  if (sent_dot == fields.npos || sent_dot <= kIdDigits + 1 || fields[kIdDigits] != '.') {
    return std::nullopt;
  }
  ProbeToken token;
  token.probe_id = std::string(fields.substr(0, kIdDigits));
  token.route = std::string(fields.substr(kIdDigits + 1, sent_dot - kIdDigits - 1));
  const std::optional<int64_t> sent = ParseInteger(fields.substr(sent_dot + 1));
  if (!IsHex(token.probe_id) || !IsName(token.route) || !sent.has_value()) return std::nullopt;
  token.sent = absl::FromUnixSeconds(*sent);
  return token;
}

TokenSearch SearchToken(std::string_view text, const Secret& fleet_key) {
  TokenSearch search;
  int candidates = 0;
  for (size_t at = text.find(kTokenPrefix); at != text.npos && candidates < kMaxCandidates;
       at = text.find(kTokenPrefix, at + kTokenPrefix.size())) {
    std::string_view word = text.substr(at, kMaxToken);
    const auto end = std::find_if_not(word.begin(), word.end(), IsTokenChar);
    word = word.substr(0, static_cast<size_t>(end - word.begin()));
    while (word.ends_with('.')) word.remove_suffix(1);
    search.token = VerifyToken(word, fleet_key);
    if (search.token.has_value()) {
      search.unverified = false;
      return search;
    }
    search.unverified = search.unverified || HasForm(word);
    ++candidates;
  }
  return search;
}

}  // namespace postwatch
