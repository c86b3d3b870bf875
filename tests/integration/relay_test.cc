// What a standby is asked, over real sockets to a collector's HTTP server.
#include "collector/relay.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/http_fixture.h"

namespace postwatch::collector {
namespace {

using Headers = std::map<std::string, std::string>;

class RelayTest : public ::testing::Test {
 protected:
  HttpResponse Pass(HttpRequest request, const std::string& to) {
    HttpResponse given{.status = 0};
    relay_.Pass(std::move(request), to, [&given](HttpResponse response) { given = response; });
    loop_.restart();
    loop_.run();
    return given;
  }

  boost::asio::io_context loop_;
  Relay relay_{loop_.get_executor()};
};

TEST_F(RelayTest, TheOtherOneIsAskedTheSameAndItsAnswerIsGiven) {
  HttpFixture acts(
      HttpResponse{.status = 409, .content_type = "application/json", .body = R"({"a":1})"});
  const HttpRequest asked{.method = "POST",
                          .path = "/api/a b",
                          .query = {{"x", "&1"}},
                          .body = "some",
                          .headers = {{"host", "localhost"},
                                      {"origin", "http://localhost"},
                                      {"connection", "keep-alive"},
                                      {"content-length", "4"}}};
  const HttpResponse given = Pass(asked, acts.address());
  EXPECT_EQ(given.status, 409);
  EXPECT_EQ(given.content_type, "application/json");
  EXPECT_EQ(given.body, R"({"a":1})");
  const std::vector<HttpRequest> got = acts.requests();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].method, "POST");
  EXPECT_EQ(got[0].path, "/api/a b");
  EXPECT_EQ(got[0].query, asked.query);
  EXPECT_EQ(got[0].body, "some");
  EXPECT_EQ(got[0].headers, (Headers{{"host", "localhost"},
                                     {"origin", "http://localhost"},
                                     {"connection", "close"},
                                     {"content-length", "4"},
                                     {"x-postwatch-relayed", "1"}}));
}

TEST_F(RelayTest, WhatWasPassedOnOnceIsNotPassedOnAgain) {
  HttpFixture acts(HttpResponse{});
  const HttpRequest relayed{
      .method = "GET", .path = "/", .headers = {{"x-postwatch-relayed", "1"}}};
  EXPECT_EQ(Pass(relayed, acts.address()).status, 503);
  EXPECT_TRUE(acts.requests().empty());
}

TEST_F(RelayTest, NobodyThereIsABadGateway) {
  std::string gone;
  { gone = HttpFixture(HttpResponse{}).address(); }
  const HttpResponse given = Pass({.method = "GET", .path = "/"}, gone);
  EXPECT_EQ(given.status, 502);
  EXPECT_NE(given.body.find(gone), std::string::npos) << given.body;
  EXPECT_EQ(Pass({.method = "GET", .path = "/"}, "nowhere").status, 503);
}

}  // namespace
}  // namespace postwatch::collector
