#include "common/mail/oauth_token_answer.h"

#include <simdjson.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/peer_text.h"

namespace postwatch {
namespace {

namespace json = simdjson::dom;

constexpr size_t kMaxBody = 64 * 1024;
constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxToken = 16 * 1024;
constexpr size_t kMaxError = 100;
constexpr size_t kMaxDescription = 400;
constexpr absl::Duration kUntold = absl::Minutes(5);
constexpr double kLongestSeconds = 10.0 * 365 * 24 * 3600;

std::string_view TextOf(const json::object& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// Some endpoints give the number as a string.
absl::Duration LastsOf(const json::object& object) {
  double seconds = 0;
  if (object["expires_in"].get(seconds) != simdjson::SUCCESS) {
    const std::optional<int64_t> number = ParseInteger(TextOf(object, "expires_in"));
    if (!number.has_value()) return kUntold;
    seconds = static_cast<double>(*number);
  }
  return absl::Seconds(std::clamp(seconds, 0.0, kLongestSeconds));
}

bool IsToken(std::string_view text) {
  return !text.empty() && text.size() <= kMaxToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

std::optional<OauthTokenAnswer> ParseOauthTokenAnswer(std::string_view body) {
  if (body.size() > kMaxBody) return std::nullopt;
  json::parser parser;
  json::object object;
  if (parser.allocate(kMaxBody, kMaxDepth) != simdjson::SUCCESS) return std::nullopt;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  OauthTokenAnswer answer;
  answer.error = PeerText(TextOf(object, "error"), kMaxError);
  answer.description = PeerText(TextOf(object, "error_description"), kMaxDescription);
  if (!answer.error.empty()) return answer;
  const std::string_view token = TextOf(object, "access_token");
  const std::string_view type = TextOf(object, "token_type");
  if (!IsToken(token) || (!type.empty() && !EqualsIgnoreCase(type, "bearer"))) return std::nullopt;
  answer.access_token = Secret(std::string(token));
  answer.lasts = LastsOf(object);
  return answer;
}

void AppendFormField(std::string& form, std::string_view name, std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  if (!form.empty()) form += '&';
  Append(form, name, "=");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric || kPlain.find(c) != kPlain.npos) {
      form += c;
    } else {
      form += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
}

}  // namespace postwatch
