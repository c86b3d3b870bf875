// The sinks' POST against servers of every kind.
#include "collector/alert/http_post.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/http_fixture.h"
#include "tests/support/test_server.h"

namespace postwatch::collector {
namespace {

std::string Text(const absl::Status& status) { return std::string(FromAbsl(status.message())); }

TEST(SendPost, CarriesBodyAndHeaders) {
  HttpFixture receiver(HttpResponse{.status = 202});
  const absl::Status status = SendPost({.url = receiver.Url("/hook?key=s"),
                                        .headers = {"Content-Type: application/json", "X-One: 1"},
                                        .body = std::string("{\"a\":\"\0\"}", 9)});
  EXPECT_TRUE(status.ok()) << status;
  const std::vector<HttpRequest> requests = receiver.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].path, "/hook");
  EXPECT_EQ(requests[0].query.at("key"), "s");
  EXPECT_EQ(requests[0].body, std::string("{\"a\":\"\0\"}", 9));
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(requests[0].headers.at("x-one"), "1");
}

TEST(SendPost, TellsForGoodFromForNow) {
  const auto answered = [](int code) {
    HttpFixture receiver(HttpResponse{.status = code, .body = std::string(300, 'x')});
    const absl::Status status = SendPost({.url = receiver.Url("/token")});
    EXPECT_EQ(status.ok() ? "" : Text(status),
              status.ok() ? ""
                          : Concat("POST to http://", receiver.address(), " was answered with ",
                                   code, ": ", std::string(200, 'x')));
    EXPECT_EQ(receiver.requests().size(), 1u);
    return status.code();
  };
  EXPECT_EQ(answered(200), absl::StatusCode::kOk);
  EXPECT_EQ(answered(299), absl::StatusCode::kOk);
  EXPECT_EQ(answered(400), absl::StatusCode::kUnavailable);
  EXPECT_EQ(answered(404), absl::StatusCode::kUnavailable);
  EXPECT_EQ(answered(410), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(answered(429), absl::StatusCode::kUnavailable);
  EXPECT_EQ(answered(500), absl::StatusCode::kUnavailable);
}

TEST(SendPost, FollowsNoRedirect) {
  TestServer receiver([](TestPeer& peer) {
    while (!peer.ReceiveLine().empty()) continue;
    peer.Send("HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n");
    peer.WaitForClose();
  });
  const absl::Status status =
      SendPost({.url = Concat("http://", AddressText(receiver.address()), "/")});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(Text(status).find("answered with 307"), std::string::npos) << status;
}

TEST(SendPost, RefusesWhatCanNeverWork) {
  for (const char* url :
       {"http://169.254.169.254/latest", "http://[fe80::1]/", "http://2852039166/",
        "ftp://127.0.0.1/", "http://", "file:///etc/passwd", "http://us er@127.0.0.1/"}) {
    EXPECT_EQ(SendPost({.url = url}).code(), absl::StatusCode::kInvalidArgument) << url;
  }
  EXPECT_EQ(Text(SendPost({.url = "http://u:hunter2@169.254.1.1/token"})),
            "http://169.254.1.1 leads to a link-local address, where no receiver lives");
}

TEST(SendPost, TriesAgainWhatMayWorkLater) {
  const std::string address = AddressText(RefusingAddress());
  const absl::Status refused = SendPost({.url = Concat("http://u:hunter2@", address, "/token")});
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Text(refused).starts_with(Concat("POST to http://", address, " failed: ")))
      << refused;
  TestServer closing([](TestPeer& peer) {
    peer.ReceiveLine();
    peer.Close();
  });
  EXPECT_EQ(SendPost({.url = Concat("http://", AddressText(closing.address()), "/")}).code(),
            absl::StatusCode::kUnavailable);
}

// Sends chunks for as long as the client takes them.
void AnswerWithoutEnd(TestPeer& peer, std::string_view status_line) {
  while (!peer.ReceiveLine().empty()) continue;
  peer.Send(Concat(status_line, "\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk = Concat("4000\r\n", std::string(0x4000, 'x'), "\r\n");
  while (peer.Send(chunk)) continue;
}

TEST(SendPost, ListensToNoEndlessAnswer) {
  TestServer pleased([](TestPeer& peer) { AnswerWithoutEnd(peer, "HTTP/1.1 200 OK"); });
  EXPECT_TRUE(SendPost({.url = Concat("http://", AddressText(pleased.address()), "/")}).ok());
  TestServer angry([](TestPeer& peer) { AnswerWithoutEnd(peer, "HTTP/1.1 500 No"); });
  const absl::Status status =
      SendPost({.url = Concat("http://", AddressText(angry.address()), "/")});
  EXPECT_EQ(Text(status), Concat("POST to http://", AddressText(angry.address()),
                                 " was answered with 500: ", std::string(200, 'x')));
}

}  // namespace
}  // namespace postwatch::collector
