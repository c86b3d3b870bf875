#include "collector/relay.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "common/base/text.h"
#include "common/http/http_exchange.h"
#include "common/http/request_target.h"

namespace postwatch::collector {
namespace {

namespace asio = boost::asio;

constexpr absl::Duration kConnectTimeout = absl::Seconds(3);
constexpr absl::Duration kReadTimeout = absl::Seconds(12);
constexpr HttpLimits kLimits = {.header_bytes = 16 << 10, .body_bytes = 64 << 20};
constexpr int kMaxUnderWay = 32;
constexpr const char* kMark = "x-postwatch-relayed";
// What is of one connection (RFC 9110 section 7.6.1), or said anew.
constexpr auto kNotPassedOn = std::to_array<std::string_view>(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
     "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"});

std::string HeaderOf(const HttpRequest& request, const std::string& name) {
  const auto it = request.headers.find(name);
  return it == request.headers.end() ? "" : it->second;
}

HttpQuestion Question(HttpRequest request, const std::string& to) {
  HttpQuestion question{.method = request.method == "HEAD" ? "GET" : request.method,
                        .authority = HeaderOf(request, "host"),
                        .path = JoinTarget(request.path, request.query),
                        .body = std::move(request.body)};
  if (question.authority.empty()) question.authority = to;
  for (auto& [name, value] : request.headers) {
    if (std::ranges::find(kNotPassedOn, name) == kNotPassedOn.end()) {
      question.headers.emplace_back(name, std::move(value));
    }
  }
  question.headers.emplace_back(kMark, "1");
  return question;
}

HttpResponse NoAnswer(const Address& address, const absl::Status& why) {
  return ErrorResponse(
      502, Concat("this collector stands by, and the one that acts, at ", AddressText(address),
                  ", does not answer: ", FromAbsl(why.message())));
}

Task<HttpResponse> Ask(Dialer& dialer, Address address, HttpQuestion question) {
  absl::StatusOr<std::unique_ptr<Stream>> stream = co_await dialer.Dial(address, kConnectTimeout);
  if (!stream.ok()) co_return NoAnswer(address, stream.status());
  (*stream)->SetTimeout(kReadTimeout);
  absl::StatusOr<HttpAnswer> answer = co_await ExchangeHttp(**stream, std::move(question), kLimits);
  if (!answer.ok()) co_return NoAnswer(address, answer.status());
  co_return HttpResponse{.status = answer->status,
                         .content_type = std::string(answer->Header("content-type")),
                         .body = std::move(answer->body)};
}

Task<void> PassOn(Dialer& dialer, Address address, HttpQuestion question, HttpReply reply,
                  int& under_way) {
  HttpResponse response = co_await Ask(dialer, std::move(address), std::move(question));
  --under_way;
  reply(std::move(response));
}

}  // namespace

Relay::Relay(asio::any_io_executor loop) : loop_(std::move(loop)), dialer_(MakeTcpDialer()) {}

void Relay::Pass(HttpRequest request, const std::string& to, HttpReply reply) {
  const std::optional<Address> address = ParseAddress(to, 0);
  if (!address || !HeaderOf(request, kMark).empty()) {
    return reply(ErrorResponse(503, "this collector stands by; ask the one that acts"));
  }
  if (under_way_ >= kMaxUnderWay) {
    return reply(ErrorResponse(503, "too many requests are passed on already; ask again"));
  }
  ++under_way_;
  asio::co_spawn(
      loop_,
      PassOn(*dialer_, *address, Question(std::move(request), to), std::move(reply), under_way_),
      asio::detached);
}

}  // namespace postwatch::collector
