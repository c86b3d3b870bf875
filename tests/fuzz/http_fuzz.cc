// Fuzzes the reader of HTTP answers: any bytes, cut as it asks for them; an answer stays within its
// bounds, and reading always comes to an end. And the target of a request to us: what was decoded
// and is encoded again means the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "common/http/http_answer.h"
#include "common/http/request_target.h"
#include "common/http/server.h"
#include "common/http/url.h"

namespace {

using postwatch::HttpAnswerParser;
using Wants = HttpAnswerParser::Wants;

// Gives the parser one part of `bytes`; false when they do not suffice or are no HTTP.
bool Step(HttpAnswerParser& parser, std::string_view& bytes) {
  if (parser.wants() == Wants::kLine) {
    const size_t end = bytes.find('\n');
    if (end == bytes.npos || end > parser.count()) return false;
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    return parser.TakeLine(line).ok();
  }
  const size_t count = std::min(parser.count(), bytes.size());
  if (parser.wants() == Wants::kBytes && count < parser.count()) return false;
  if (parser.wants() == Wants::kRest && count == 0) {
    parser.TakeEnd();
    return true;
  }
  const std::string_view part = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return parser.TakeBytes(part).ok();
}

std::string Encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 0xf]};
  }
  return out;
}

void CheckTarget(std::string_view target) {
  std::string path;
  std::map<std::string, std::string> query;
  if (!postwatch::SplitTarget(target, path, query)) return;
  std::string again = Encoded(path) + "?";
  for (const auto& [key, value] : query) again += Encoded(key) + "=" + Encoded(value) + "&";
  std::string second_path;
  std::map<std::string, std::string> second_query;
  if (!postwatch::SplitTarget(again, second_path, second_query)) std::abort();
  if (second_path != path || second_query != query) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr postwatch::HttpLimits kLimits{512, 256};
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto url = postwatch::ParseUrl(bytes); url.has_value()) {
    if (postwatch::ParseUrl(url->Text()) != url) std::abort();
  }
  CheckTarget(bytes);
  HttpAnswerParser parser(kLimits);
  while (parser.wants() != Wants::kNothing) {
    if (!Step(parser, bytes)) return 0;
  }
  const postwatch::HttpAnswer answer = parser.Take();
  if (answer.status < 200 || answer.body.size() > kLimits.body_bytes) std::abort();
  size_t header_bytes = 0;
  for (const auto& [name, value] : answer.headers) header_bytes += name.size() + value.size();
  if (header_bytes > kLimits.header_bytes) std::abort();
  return 0;
}
