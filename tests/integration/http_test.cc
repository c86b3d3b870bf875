// The HTTP server against raw clients, and the sinks' POST against servers of every kind.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "collector/alert/alert_sink.h"
#include "collector/alert/http_post.h"
#include "collector/alert/webhook_sink.h"
#include "common/base/text.h"
#include "common/http/server.h"
#include "tests/support/http_client.h"
#include "tests/support/incident_samples.h"
#include "tests/support/shared_clock.h"
#include "tests/support/test_server.h"

namespace postwatch {
namespace {

// An HttpServer on a loop and thread of its own that remembers what it was asked.
class HttpFixture {
 public:
  explicit HttpFixture(HttpHandler answer) : answer_(std::move(answer)) {
    auto server = StartHttpServer(loop_.get_executor(), "127.0.0.1:0",
                                  [this](HttpRequest request, HttpReply reply) {
                                    {
                                      absl::MutexLock lock(&mutex_);
                                      requests_.push_back(request);
                                    }
                                    answer_(std::move(request), std::move(reply));
                                  });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = server_->address();
    thread_ = std::thread([this] { loop_.run(); });
  }
  // Answers each request with this.
  explicit HttpFixture(HttpResponse always)
      : HttpFixture([always](const HttpRequest&, const HttpReply& reply) { reply(always); }) {}
  ~HttpFixture() {
    CloseServer();
    work_.reset();
    thread_.join();
  }

  void CloseServer() {
    absl::Notification closed;
    boost::asio::post(loop_, [this, &closed] {
      server_.reset();
      closed.Notify();
    });
    closed.WaitForNotification();
  }

  const std::string& address() const { return address_; }
  std::string Url(std::string_view path) const { return Concat("http://", address_, path); }
  std::vector<HttpRequest> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  HttpHandler answer_;
  mutable absl::Mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::unique_ptr<HttpServer> server_;
  std::string address_;
  std::thread thread_;
};

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: pw.test\r\n\r\n";

void Echo(const HttpRequest& request, const HttpReply& reply) {
  reply({.body = Concat(request.method, " ", request.path)});
}

TEST(HttpServer, AnswersOneAfterAnotherOnOneConnection) {
  HttpFixture server(Echo);
  HttpClient client(server.address());
  client.Send("GET /a%20b?x=1&x=%32 HTTP/1.1\r\nHost: pw.test\r\nX-Odd: 7\r\n\r\n");
  const HttpClient::Answer first = client.Receive();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "GET /a b");
  EXPECT_NE(first.header.find("\r\nX-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_NE(first.header.find("\r\nContent-Security-Policy: default-src 'self';"),
            std::string::npos);
  client.Send("POST /two HTTP/1.1\r\nHost: pw.test\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(client.Receive().body, "POST /two");
  client.Send("GET /three HTTP/1.1\r\nHost: pw.test\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "GET /three");
  EXPECT_TRUE(client.Closed());

  const std::vector<HttpRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].query, (std::map<std::string, std::string>{{"x", "2"}}));
  EXPECT_EQ(requests[0].headers,
            (std::map<std::string, std::string>{{"host", "pw.test"}, {"x-odd", "7"}}));
  EXPECT_EQ(requests[1].body, "abc");
}

TEST(HttpServer, TakesRequestsThatComeTogetherOrInPieces) {
  HttpFixture server(Echo);
  HttpClient client(server.address());
  client.Send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HT");
  EXPECT_EQ(client.Receive().body, "GET /1");
  EXPECT_EQ(client.Receive().body, "GET /2");
  client.Send("TP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "GET /3");
}

TEST(HttpServer, AnswersHeadWithTheLengthAndWithoutTheBody) {
  HttpFixture server(HttpResponse{.body = "twelve bytes"});
  HttpClient client(server.address());
  client.Send(Concat("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n", kGet));
  const HttpClient::Answer head = client.Receive(/*head=*/true);
  EXPECT_EQ(head.status, 200);
  EXPECT_NE(head.header.find("Content-Length: 12"), std::string::npos) << head.header;
  const HttpClient::Answer get = client.Receive();
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.body, "twelve bytes");
  EXPECT_TRUE(get.header.starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, RefusesBrokenEscapesAndGoesOn) {
  HttpFixture server(Echo);
  HttpClient client(server.address());
  client.Send("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n");
  const HttpClient::Answer refused = client.Receive();
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body, R"({"error":"the request target has a broken % escape"})");
  client.Send(kGet);
  EXPECT_EQ(client.Receive().body, "GET /x");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(HttpServer, RefusesWhatIsTooLongWithoutAskingAnybody) {
  HttpFixture server(Echo);
  HttpClient body(server.address());
  body.Send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
  EXPECT_EQ(body.Receive().status, 413);
  EXPECT_TRUE(body.Closed());

  HttpClient header(server.address());
  header.Send(Concat("GET /x HTTP/1.1\r\nX: ", std::string(16 * 1024, 'x')));
  EXPECT_EQ(header.Receive().status, 431);
  EXPECT_TRUE(header.Closed());

  HttpClient chunked(server.address());
  chunked.Send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = Concat("4000\r\n", std::string(0x4000, 'x'), "\r\n");
  for (int i = 0; i < 64 && chunked.Send(chunk); ++i) continue;
  EXPECT_NE(chunked.Receive().status, 200);

  EXPECT_EQ(server.requests().size(), 0u);
  HttpClient fits(server.address());
  fits.Send(Concat("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n",
                   std::string(65536, 'x')));
  EXPECT_EQ(fits.Receive().status, 200);
  EXPECT_EQ(server.requests().at(0).body.size(), 65536u);
}

TEST(HttpServer, RefusesWhatIsNoHttp) {
  HttpFixture server(Echo);
  HttpClient client(server.address());
  client.Send("EHLO probe.test\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_TRUE(client.Closed());
}

TEST(HttpServer, APageOfAnotherSiteChangesNothing) {
  HttpFixture server(Echo);
  const auto post = [&server](std::string_view headers) {
    HttpClient client(server.address());
    client.Send(Concat("POST /-/reload HTTP/1.1\r\nHost: ", server.address(), "\r\n", headers,
                       "Content-Length: 0\r\n\r\n"));
    return client.Receive().status;
  };
  EXPECT_EQ(post("Origin: http://evil.test\r\n"), 403);
  EXPECT_EQ(post("Origin: null\r\n"), 403);
  EXPECT_EQ(post("Sec-Fetch-Site: cross-site\r\n"), 403);
  EXPECT_EQ(server.requests().size(), 0u);
  EXPECT_EQ(post(""), 200);
  EXPECT_EQ(post(Concat("Origin: http://", server.address(), "\r\n")), 200);
  EXPECT_EQ(post("Sec-Fetch-Site: same-origin\r\n"), 200);

  HttpClient reader(server.address());
  reader.Send("GET /x HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.test\r\n\r\n");
  EXPECT_EQ(reader.Receive().status, 200);
}

TEST(HttpServer, SlowClientsAreBoundedInNumber) {
  HttpFixture server(Echo);
  std::deque<HttpClient> slow;
  for (int i = 0; i < 256; ++i) slow.emplace_back(server.address()).Send("GET /x HTTP/1.1\r\nX: ");
  HttpClient refused(server.address());
  EXPECT_TRUE(refused.Closed());
  // Those there are go on.
  slow.back().Send("y\r\n\r\n");
  EXPECT_EQ(slow.back().Receive().body, "GET /x");
  // One that goes makes room, as soon as the server has noticed.
  slow.pop_front();
  int status = 0;
  for (int tries = 0; tries < 10000 && status == 0; ++tries) {
    HttpClient next(server.address());
    next.Send(kGet);
    status = next.Receive().status;
  }
  EXPECT_EQ(status, 200);
}

TEST(HttpServer, TheAnswerMayComeLaterAndFromAnotherThread) {
  absl::Notification asked;
  HttpReply later;
  HttpFixture server([&](const HttpRequest&, HttpReply reply) {
    later = std::move(reply);
    asked.Notify();
  });
  HttpClient client(server.address());
  client.Send(kGet);
  asked.WaitForNotification();
  later({.body = "at last"});
  EXPECT_EQ(client.Receive().body, "at last");
  later = nullptr;  // the last copy goes on this thread; the connection must not
}

TEST(HttpServer, AnAnswerNeverGivenEndsTheConnection) {
  HttpFixture server([](const HttpRequest&, const HttpReply&) {});
  HttpClient client(server.address());
  client.Send(kGet);
  EXPECT_TRUE(client.Closed());
}

TEST(HttpServer, ClosingItClosesItsConnections) {
  HttpFixture server(Echo);
  HttpClient idle(server.address()), busy(server.address());
  busy.Send(kGet);
  EXPECT_EQ(busy.Receive().status, 200);
  idle.Send(kGet);
  EXPECT_EQ(idle.Receive().status, 200);
  server.CloseServer();
  EXPECT_TRUE(idle.Closed());
  EXPECT_TRUE(busy.Closed());
}

TEST(HttpServer, SaysWhyItCannotListen) {
  boost::asio::io_context loop;
  const auto refusal = [&loop](const std::string& listen) {
    return StartHttpServer(loop.get_executor(), listen, Echo).status();
  };
  EXPECT_EQ(refusal("7480").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refusal("localhost:0").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refusal("127.0.0.1:65536").code(), absl::StatusCode::kInvalidArgument);
  HttpFixture taken(Echo);
  const absl::Status status = refusal(taken.address());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(FromAbsl(status.message()).starts_with("cannot listen for HTTP on 127.0.0.1:"))
      << status;
  const auto six = StartHttpServer(loop.get_executor(), "[::1]:0", Echo);
  // A machine may have no IPv6.
  EXPECT_TRUE(!six.ok() || (*six)->address().starts_with("[::1]:"));
}

}  // namespace

namespace collector {
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

class SinksOverHttpTest : public testing::Test {
 protected:
  std::unique_ptr<AlertSink> Make(std::string_view type, const Settings& settings) {
    Mistakes mistakes;
    auto sink = MakeBuiltinSink(type, settings, "sink", deps, mistakes);
    EXPECT_TRUE(mistakes.empty()) << mistakes.ToStatus();
    return sink;
  }
  std::unique_ptr<AlertSink> Alertmanagers(const std::vector<std::string>& urls) {
    std::vector<Settings> items;
    for (const std::string& url : urls) items.push_back(Settings::Scalar(url));
    Settings settings = Settings::Map();
    settings.Set("urls", Settings::List(std::move(items)));
    return Make("alertmanager", settings);
  }

  SharedClock clock;
  SinkDeps deps{.clock = clock,
                .external_url = "https://pw.test",
                .secrets = [](const SecretReference&) -> absl::StatusOr<Secret> {
                  return Secret("shared secret");
                }};
  Delivery opened = DeliveryOf(AlertOf(AccessOutage(), AlertEvent::kOpened), "people");
};

TEST_F(SinksOverHttpTest, TheWebhookSignsWhatItSends) {
  HttpFixture receiver(HttpResponse{.status = 204});
  Settings settings = Settings::Map(), secret = Settings::Map();
  secret.Set("file", Settings::Scalar("/run/secret"));
  settings.Set("secret", secret);
  settings.Set("url", Settings::Scalar(receiver.Url("/hook")));
  const absl::Status status = Make("webhook", settings)->Send(opened);
  ASSERT_TRUE(status.ok()) << status;
  const HttpRequest request = receiver.requests().at(0);
  EXPECT_EQ(request.body, WebhookBody(opened, "https://pw.test"));
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("x-postwatch-timestamp"), "1793620800");
  EXPECT_EQ(request.headers.at("x-postwatch-signature"),
            WebhookSignature(Secret("shared secret"), "1793620800", request.body));
}

TEST_F(SinksOverHttpTest, OneAlertmanagerIsEnough) {
  HttpFixture first(HttpResponse{}), second(HttpResponse{});
  const std::string down = Concat("http://", AddressText(RefusingAddress()));
  EXPECT_TRUE(Alertmanagers({first.Url("/"), second.Url("/am")})->Send(opened).ok());
  EXPECT_TRUE(Alertmanagers({down, first.Url("")})->Send(opened).ok());
  EXPECT_EQ(Alertmanagers({down, down})->Send(opened).code(), absl::StatusCode::kUnavailable);
  ASSERT_EQ(first.requests().size(), 2u);
  EXPECT_EQ(first.requests()[0].path, "/api/v2/alerts");
  ASSERT_EQ(second.requests().size(), 1u);
  EXPECT_EQ(second.requests()[0].path, "/am/api/v2/alerts");
  EXPECT_EQ(second.requests()[0].body, first.requests()[0].body);
}

TEST_F(SinksOverHttpTest, AlertmanagerIsRemindedUntilFiveMinutesAfterTheEnd) {
  HttpFixture receiver(HttpResponse{});
  const auto last_ends = [&receiver] {
    const std::string body = receiver.requests().back().body;
    const size_t at = body.find("\"endsAt\":\"") + 10;
    return body.substr(at, 24);
  };
  const std::unique_ptr<AlertSink> sink = Alertmanagers({receiver.Url("")});
  sink->Resume({opened.alert});
  ASSERT_TRUE(sink->Refresh().ok());
  EXPECT_EQ(last_ends(), "2026-11-02T12:05:00.000Z");
  clock.Advance(absl::Minutes(5));
  ASSERT_TRUE(
      sink->Send(DeliveryOf(AlertOf(ResolvedOutage(), AlertEvent::kResolved, 2), "people")).ok());
  clock.Advance(absl::Minutes(5));
  ASSERT_TRUE(sink->Refresh().ok());
  EXPECT_EQ(receiver.requests().size(), 3u);
  EXPECT_EQ(last_ends(), "2026-11-02T12:05:00.000Z");
  clock.Advance(absl::Seconds(1));
  ASSERT_TRUE(sink->Refresh().ok());
  EXPECT_EQ(receiver.requests().size(), 3u);
}

}  // namespace
}  // namespace collector
}  // namespace postwatch
