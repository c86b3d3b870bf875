#include "common/http/url.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(Url, TheUsualOne) {
  const std::optional<Url> url = ParseUrl("https://MTA-STS.Alpha.test/.well-known/mta-sts.txt");
  ASSERT_TRUE(url.has_value());
  EXPECT_TRUE(url->secure);
  EXPECT_EQ(url->host, "mta-sts.alpha.test");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/.well-known/mta-sts.txt");
  EXPECT_EQ(url->Authority(), "mta-sts.alpha.test");
}

TEST(Url, PortsPathsAndLiterals) {
  struct Case {
    std::string_view text, authority, path;
    uint16_t port;
  };
  const Case cases[] = {
      {"http://a.test", "a.test", "/", 80},
      {"HTTP://a.test:8080?x=1", "a.test:8080", "/?x=1", 8080},
      {"https://a.test:443/", "a.test", "/", 443},
      {"https://[2001:DB8::1]:8443/a#b", "[2001:db8::1]:8443", "/a", 8443},
      {"https://192.0.2.1/a?b#c", "192.0.2.1", "/a?b", 443},
  };
  for (const Case& c : cases) {
    const std::optional<Url> url = ParseUrl(c.text);
    ASSERT_TRUE(url.has_value()) << c.text;
    EXPECT_EQ(url->Authority(), c.authority) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(ParseUrl(url->Text()), url) << c.text;
  }
}

TEST(Url, WhatIsNoUrlOfOurs) {
  for (const std::string_view text :
       {"", "a.test", "ftp://a.test/", "https://", "https:///x", "https://user@a.test/",
        "https://a.test:0/", "https://a.test:65536/", "https://a.test:x/", "https://a test/",
        "https://a.test/\r\nHost: b", "https://[::1", "https://[a.test]/", "https://[::1]x/",
        "https://\xc3\xa4.test/"}) {
    EXPECT_EQ(ParseUrl(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseUrl("https://a.test/" + std::string(2048, 'x')), std::nullopt);
  // Nor what is too long once the path has its slash.
  EXPECT_EQ(ParseUrl("https://a.test?" + std::string(2033, 'x')), std::nullopt);
  EXPECT_NE(ParseUrl("https://a.test?" + std::string(2032, 'x')), std::nullopt);
}

TEST(Url, LoopbackHosts) {
  for (const std::string_view host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const std::string_view host : {"a.test", "localhost.a.test", "192.0.2.1", ""}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

}  // namespace
}  // namespace postwatch
