// Fuzzes the reader of HTTP answers: any bytes, cut as it asks for them; an answer stays within its
// bounds, and reading always comes to an end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/http/http_answer.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr postwatch::HttpLimits kLimits{512, 256};
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto url = postwatch::ParseUrl(bytes); url.has_value()) {
    if (postwatch::ParseUrl(url->Text()) != url) std::abort();
  }
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
