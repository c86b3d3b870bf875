#include "common/http/http_exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/net/net_error.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_stream.h"

namespace postwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kAsked =
    "C: GET /policy HTTP/1.1\nC: Host: a.test\nC: Connection: close\nC:\n";

HttpQuestion Question() {
  HttpQuestion question;
  question.authority = "a.test";
  question.path = "/policy";
  return question;
}

absl::StatusOr<HttpAnswer> Ask(std::string_view answer, HttpLimits limits = {}) {
  ScriptedStream stream(Concat(kAsked, answer));
  return RunTask(ExchangeHttp(stream, Question(), limits));
}

std::string ErrorOf(std::string_view answer, HttpLimits limits = {}) {
  const absl::StatusOr<HttpAnswer> got = Ask(answer, limits);
  EXPECT_FALSE(got.ok()) << answer;
  return std::string(got.status().message());
}

TEST(HttpExchange, ABodyOfTheLengthTold) {
  const absl::StatusOr<HttpAnswer> got =
      Ask("S: HTTP/1.1 200 OK\nS: Content-Type: text/plain\nS: CONTENT-LENGTH: 5\nS:\n"
          "S! raw hello\n");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->Header("content-type"), "text/plain");
  EXPECT_EQ(got->Header("absent"), "");
  EXPECT_EQ(got->body, "hello");
}

TEST(HttpExchange, ABodyInChunks) {
  const absl::StatusOr<HttpAnswer> got = Ask(
      "S: HTTP/1.1 200 OK\nS: Transfer-Encoding: Chunked\nS:\n"
      "S! raw 4\\r\\nab\\r\\n\\r\\n\nS: B;name=value\nS: hello world\nS: 0\nS: Trailer: x\nS:\n");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->body, "ab\r\nhello world");
  EXPECT_EQ(got->Header("trailer"), "");
}

TEST(HttpExchange, ABodyUntilThePeerCloses) {
  const absl::StatusOr<HttpAnswer> got = Ask("S: HTTP/1.0 200\nS:\nS: one\nS! raw two\nS! close\n");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->body, "one\r\ntwo");
}

TEST(HttpExchange, AResetIsNoEnd) {
  const absl::StatusOr<HttpAnswer> got = Ask("S: HTTP/1.0 200\nS:\nS: one\nS! reset\n");
  EXPECT_EQ(GetNetError(got.status()), NetError::kReset);
}

TEST(HttpExchange, AnswersWithoutABody) {
  EXPECT_EQ(Ask("S: HTTP/1.1 204 No Content\nS: Content-Length: 5\nS:\n")->status, 204);
  EXPECT_EQ(Ask("S: HTTP/1.1 304 x\nS:\n")->status, 304);
  EXPECT_EQ(Ask("S: HTTP/1.1 301 x\nS: Location: https://b.test/\nS: Content-Length: 0\nS:\n")
                ->Header("location"),
            "https://b.test/");
}

TEST(HttpExchange, InterimAnswersArePassedOver) {
  const std::string interim = "S: HTTP/1.1 100 Continue\nS: A: b\nS:\n";
  const absl::StatusOr<HttpAnswer> got =
      Ask(Concat(interim, "S: HTTP/1.1 200 OK\nS: Content-Length: 1\nS:\nS! raw x\n"));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->Header("a"), "");
  EXPECT_THAT(ErrorOf(Concat(interim, interim, interim, interim, interim)),
              HasSubstr("interim answers"));
}

TEST(HttpExchange, RepeatedHeadersAreJoined) {
  const absl::StatusOr<HttpAnswer> got =
      Ask("S: HTTP/1.1 200 OK\nS: a: 1\nS: A: 2\nS: Content-Length: 1, 1\nS:\nS! raw x\n");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->Header("a"), "1, 2");
  EXPECT_EQ(got->body, "x");
}

TEST(HttpExchange, AFormIsPosted) {
  HttpQuestion question = Question();
  question.method = "POST";
  question.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  question.body = "a=b";
  ScriptedStream stream(
      "C: POST /policy HTTP/1.1\nC: Host: a.test\nC: Connection: close\n"
      "C: Content-Type: application/x-www-form-urlencoded\nC: Content-Length: 3\nC:\nC= a=b\n"
      "S: HTTP/1.1 400 Bad Request\nS: Content-Length: 2\nS:\nS! raw {}\n");
  const absl::StatusOr<HttpAnswer> got = RunTask(ExchangeHttp(stream, question, {}));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->status, 400);
  EXPECT_EQ(got->body, "{}");
}

TEST(HttpExchange, AQuestionThatWouldBreakItsLineIsNotSent) {
  for (const auto& [path, value] : {std::pair("/a\r\nX: y", "v"), std::pair("/a b", "v"),
                                    std::pair("a", "v"), std::pair("/a", "v\r\nX: y")}) {
    ScriptedStream stream("");
    HttpQuestion question = Question();
    question.path = path;
    question.headers = {{"Accept", value}};
    const absl::StatusOr<HttpAnswer> got = RunTask(ExchangeHttp(stream, question, {}));
    EXPECT_EQ(got.status().message(), "http question: a part would break its line");
  }
}

TEST(HttpExchange, EndlessHeadersAreCutOff) {
  std::string answer = "S: HTTP/1.1 200 OK\n";
  for (int i = 0; i < 200; ++i) Append(answer, "S: X-", i, ": ", std::string(100, 'x'), "\n");
  const absl::StatusOr<HttpAnswer> got = Ask(answer);
  EXPECT_EQ(GetNetError(got.status()), NetError::kTooLong);
  const absl::StatusOr<HttpAnswer> line =
      Ask(Concat("S: HTTP/1.1 200 OK\nS! raw ", std::string(20000, 'x'), "\n"));
  EXPECT_EQ(GetNetError(line.status()), NetError::kTooLong);
}

TEST(HttpExchange, BodiesOverTheLimitAreNotRead) {
  const HttpLimits limits{16 * 1024, 8};
  for (const std::string_view answer :
       {"S: HTTP/1.1 200 OK\nS: Content-Length: 9\nS:\n",
        "S: HTTP/1.1 200 OK\nS: Content-Length: 999999999999999\nS:\n",
        "S: HTTP/1.1 200 OK\nS: Transfer-Encoding: chunked\nS:\nS: ffffffff\n",
        "S: HTTP/1.1 200 OK\nS: Transfer-Encoding: chunked\nS:\nS: 6\nS: abcdef\nS: 3\n",
        "S: HTTP/1.1 200 OK\nS:\nS: 1234567\n"}) {
    const absl::StatusOr<HttpAnswer> got = Ask(answer, limits);
    EXPECT_EQ(GetNetError(got.status()), NetError::kTooLong) << answer;
    EXPECT_EQ(got.status().message(), "the body of the HTTP answer is over 8 bytes");
  }
  EXPECT_EQ(Ask("S: HTTP/1.1 200 OK\nS:\nS: 123456\nS! close\n", limits)->body, "123456\r\n");
}

TEST(HttpExchange, WhatIsNoHttp) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"S: 220 mx ESMTP\n", "status line"},
      {"S: HTTP/2 200\n", "status line"},
      {"S: HTTP/1.1 99 x\n", "status line"},
      {"S: HTTP/1.1 2000\n", "status line"},
      {"S: HTTP/1.1 200 OK\nS:  folded\n", "no name and value"},
      {"S: HTTP/1.1 200 OK\nS: a : b\n", "no name and value"},
      {"S: HTTP/1.1 200 OK\nS! raw a: b\\x01\\r\\n\n", "control characters"},
      {"S: HTTP/1.1 200 OK\nS: Content-Length: -1\nS:\n", "no number"},
      {"S: HTTP/1.1 200 OK\nS: Content-Length: 1\nS: Content-Length: 2\nS:\n", "two"},
      {"S: HTTP/1.1 200 OK\nS: Content-Length: 1\nS: Transfer-Encoding: chunked\nS:\n", "both"},
      {"S: HTTP/1.1 200 OK\nS: Transfer-Encoding: gzip, chunked\nS:\n", "other than chunked"},
      {"S: HTTP/1.1 200 OK\nS: Transfer-Encoding: chunked\nS:\nS: 0x5\n", "size of a chunk"},
      {"S: HTTP/1.1 200 OK\nS: Transfer-Encoding: chunked\nS:\nS: 123456789\n", "size of a chunk"},
      {"S: HTTP/1.1 200 OK\nS: Transfer-Encoding: chunked\nS:\nS: 2\nS: abc\n", ""},
  };
  for (const auto& [answer, why] : cases) EXPECT_THAT(ErrorOf(answer), HasSubstr(why));
}

}  // namespace
}  // namespace postwatch
