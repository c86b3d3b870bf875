#include "common/http/http_exchange.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/net/net_error.h"

namespace postwatch {
namespace {

bool IsWord(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

bool IsVisible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool IsOneLine(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

absl::StatusOr<std::string> Compose(const HttpQuestion& question) {
  bool sound = IsWord(question.method) && IsVisible(question.authority) &&
               IsVisible(question.path) && question.path.front() == '/';
  std::string text = Concat(question.method, " ", question.path,
                            " HTTP/1.1\r\nHost: ", question.authority, "\r\nConnection: close\r\n");
  for (const auto& [name, value] : question.headers) {
    sound = sound && IsWord(name) && IsOneLine(value);
    Append(text, name, ": ", value, "\r\n");
  }
  if (!sound) return absl::InvalidArgumentError("http question: a part would break its line");
  if (!question.body.empty() || question.method == "POST" || question.method == "PUT") {
    Append(text, "Content-Length: ", question.body.size(), "\r\n");
  }
  Append(text, "\r\n", question.body);
  return text;
}

// Gives the parser the next part it wants.
Task<absl::Status> Advance(Stream& stream, HttpAnswerParser& parser) {
  absl::StatusOr<std::string> part;
  const HttpAnswerParser::Wants wants = parser.wants();
  switch (wants) {
    case HttpAnswerParser::Wants::kLine:
      part = co_await stream.ReadLine(parser.count());
      break;
    case HttpAnswerParser::Wants::kBytes:
      part = co_await stream.ReadExactly(parser.count());
      break;
    default:
      part = co_await stream.ReadSome(parser.count());
      break;
  }
  if (!part.ok()) {
    const bool end =
        wants == HttpAnswerParser::Wants::kRest && GetNetError(part.status()) == NetError::kClosed;
    if (!end) co_return part.status();
    parser.TakeEnd();
    co_return absl::OkStatus();
  }
  if (wants == HttpAnswerParser::Wants::kLine) co_return parser.TakeLine(*part);
  co_return parser.TakeBytes(*part);
}

}  // namespace

Task<absl::StatusOr<HttpAnswer>> ExchangeHttp(Stream& stream, HttpQuestion question,
                                              HttpLimits limits) {
  absl::StatusOr<std::string> text = Compose(question);
  if (!text.ok()) co_return text.status();
  const absl::Status sent = co_await stream.Write(*std::move(text));
  if (!sent.ok()) co_return sent;
  HttpAnswerParser parser(limits, question.method == "HEAD");
  while (parser.wants() != HttpAnswerParser::Wants::kNothing) {
    const absl::Status went = co_await Advance(stream, parser);
    if (!went.ok()) co_return went;
  }
  co_return parser.Take();
}

}  // namespace postwatch
