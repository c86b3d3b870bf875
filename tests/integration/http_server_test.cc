// The HTTP server against raw clients.
#include <gtest/gtest.h>

#include <deque>

#include "common/base/text.h"
#include "common/http/server.h"
#include "tests/support/http_client.h"
#include "tests/support/http_fixture.h"

namespace postwatch {
namespace {

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

void Echo(const HttpRequest& request, const HttpReply& reply) {
  reply({.body = Concat(request.method, " ", request.path)});
}

TEST(HttpServer, AnswersOneAfterAnotherOnOneConnection) {
  HttpFixture server(Echo);
  HttpClient client(server.address());
  client.Send("GET /a%20b?x=1&x=%32 HTTP/1.1\r\nHost: localhost\r\nX-Odd: 7\r\n\r\n");
  const HttpClient::Answer first = client.Receive();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "GET /a b");
  EXPECT_NE(first.header.find("\r\nX-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_NE(first.header.find("\r\nContent-Security-Policy: default-src 'self';"),
            std::string::npos);
  client.Send("POST /two HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(client.Receive().body, "POST /two");
  client.Send("GET /three HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "GET /three");
  EXPECT_TRUE(client.Closed());

  const std::vector<HttpRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].query, (std::map<std::string, std::string>{{"x", "2"}}));
  EXPECT_EQ(requests[0].headers,
            (std::map<std::string, std::string>{{"host", "localhost"}, {"x-odd", "7"}}));
  EXPECT_EQ(requests[1].body, "abc");
}

TEST(HttpServer, TakesRequestsThatComeTogetherOrInPieces) {
  HttpFixture server(Echo);
  HttpClient client(server.address());
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /3 "
      "HT");
  EXPECT_EQ(client.Receive().body, "GET /1");
  EXPECT_EQ(client.Receive().body, "GET /2");
  client.Send("TP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "GET /3");
}

TEST(HttpServer, AnswersHeadWithTheLengthAndWithoutTheBody) {
  HttpFixture server(HttpResponse{.body = "twelve bytes"});
  HttpClient client(server.address());
  client.Send(Concat("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n", kGet));
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
  client.Send("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n");
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
  body.Send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n");
  EXPECT_EQ(body.Receive().status, 413);
  EXPECT_TRUE(body.Closed());

  HttpClient header(server.address());
  header.Send(Concat("GET /x HTTP/1.1\r\nHost: localhost\r\nX: ", std::string(16 * 1024, 'x')));
  EXPECT_EQ(header.Receive().status, 431);
  EXPECT_TRUE(header.Closed());

  HttpClient chunked(server.address());
  chunked.Send("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = Concat("4000\r\n", std::string(0x4000, 'x'), "\r\n");
  for (int i = 0; i < 64 && chunked.Send(chunk); ++i) continue;
  EXPECT_NE(chunked.Receive().status, 200);

  EXPECT_EQ(server.requests().size(), 0u);
  HttpClient fits(server.address());
  fits.Send(Concat("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65536\r\n\r\n",
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
  reader.Send("GET /x HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.test\r\n\r\n");
  EXPECT_EQ(reader.Receive().status, 200);
}

TEST(HttpServer, AnswersOnlyToItsOwnNames) {
  HttpFixture server(Echo, {.hosts = {"pw.example.net"}, .hosts_key = "listen.hosts"});
  const auto ask = [&server](std::string_view host) {
    HttpClient client(server.address());
    client.Send(Concat("GET /x HTTP/1.1\r\nHost: ", host, "\r\n\r\n"));
    return client.Receive();
  };
  const HttpClient::Answer refused = ask("evil.test:7480");
  EXPECT_EQ(refused.status, 421);
  EXPECT_EQ(refused.body,
            R"({"error":"'evil.test:7480' is not a name of this server: ask for its IP address or )"
            R"(localhost, or add the name to listen.hosts in its configuration file"})");
  EXPECT_EQ(server.requests().size(), 0u);
  for (const std::string& host : {server.address(), std::string("10.1.2.3"), std::string("[::1]:1"),
                                  std::string("localhost:7480"), std::string("pw.example.net")}) {
    EXPECT_EQ(ask(host).status, 200) << host;
  }
}

TEST(HttpServer, WantsOneHostHeader) {
  HttpFixture server(Echo);
  const auto ask = [&server](std::string_view head) {
    HttpClient client(server.address());
    client.Send(Concat(head, "\r\n\r\n"));
    return client.Receive().status;
  };
  EXPECT_EQ(ask("GET /x HTTP/1.1"), 400);
  EXPECT_EQ(ask("GET /x HTTP/1.1\r\nHost: evil.test\r\nHost: localhost"), 400);
  EXPECT_EQ(server.requests().size(), 0u);
  EXPECT_EQ(ask("GET /x HTTP/1.0"), 200);
}

TEST(HttpServer, WhoeverWaitsLongestMakesRoom) {
  HttpFixture server(Echo);
  std::deque<HttpClient> slow;
  for (int i = 0; i < 256; ++i) {
    slow.emplace_back(server.address()).Send("GET /x HTTP/1.1\r\nHost: localhost\r\nX: ");
  }
  for (int i = 0; i < 3; ++i) {
    HttpClient client(server.address());
    client.Send(kGet);
    EXPECT_EQ(client.Receive().body, "GET /x") << i;
    EXPECT_TRUE(slow.front().Closed()) << i;
    slow.pop_front();
    slow.emplace_back(server.address()).Send("GET /x HTTP/1.1\r\nHost: localhost\r\nX: ");
  }
  // Those that may stay go on.
  slow.back().Send("y\r\n\r\n");
  EXPECT_EQ(slow.back().Receive().body, "GET /x");
}

TEST(HttpServer, WhoeverIsBeingAnsweredIsNotCutOff) {
  absl::Mutex mutex;
  std::vector<HttpReply> held;
  HttpFixture server([&](const HttpRequest&, HttpReply reply) {
    absl::MutexLock lock(&mutex);
    held.push_back(std::move(reply));
  });
  std::deque<HttpClient> asking;
  for (int i = 0; i < 256; ++i) asking.emplace_back(server.address()).Send(kGet);
  const auto all_asked = [&held] { return held.size() == 256; };
  {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(&all_asked));
  }
  HttpClient refused(server.address());
  EXPECT_TRUE(refused.Closed());
  {
    absl::MutexLock lock(&mutex);
    for (const HttpReply& reply : held) reply({.body = "at last"});
    held.clear();
  }
  for (HttpClient& client : asking) EXPECT_EQ(client.Receive().body, "at last");
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
}  // namespace postwatch
