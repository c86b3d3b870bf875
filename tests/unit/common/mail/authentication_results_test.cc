#include "common/mail/authentication_results.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

// "spf=pass dkim=fail", in order.
std::string Text(const std::optional<AuthResults>& results) {
  if (!results.has_value()) return "nothing";
  std::vector<std::string> all;
  for (const AuthResult& result : results->results) {
    all.push_back(Concat(result.method, "=", result.result));
  }
  return Join(all, " ");
}

TEST(AuthResultsTest, MethodsResultsAndPropertiesAreRead) {
  const std::optional<AuthResults> read = ReadAuthResults(
      " MX.Example.com 1;\r\n\tspf=pass smtp.mailfrom=probe@example.net;\r\n"
      "\tdkim=PASS (2048-bit key; unprotected) header.d=example.net header.i=@example.net\r\n"
      " header.b=\"q/Zx+1=\"; dmarc=fail reason=\"not aligned\" (p=none dis=none) "
      "header.from=example.net");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->authserv_id, "mx.example.com");
  EXPECT_EQ(Text(read), "spf=pass dkim=pass dmarc=fail");
  EXPECT_EQ(read->results[0].properties.at("smtp.mailfrom"), "probe@example.net");
  EXPECT_EQ(read->results[1].properties.at("header.b"), "q/Zx+1=");
  EXPECT_EQ(read->results[2].reason, "not aligned");
}

TEST(AuthResultsTest, FormsThatTheRfcShows) {
  EXPECT_EQ(Text(ReadAuthResults("example.org 1; none")), "");
  EXPECT_EQ(Text(ReadAuthResults("example.org")), "");
  EXPECT_EQ(
      Text(ReadAuthResults("foo.example.net (foobar) 1 (baz);\r\n"
                           "    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
                           "      policy (A dot can go here) . (like that) expired\r\n"
                           "      (this surprised me) = (as I wasn't expecting it) 1362471462")),
      "nothing");  // comments inside of a property's name are not worth their code
  EXPECT_EQ(Text(ReadAuthResults("example.com; spf/1=pass smtp.mailfrom=a.b; arc=none;")),
            "spf=pass arc=none");
  EXPECT_EQ(Text(ReadAuthResults("example.com; dkim=none")), "dkim=none");
}

TEST(AuthResultsTest, WhatIsMalformedSaysNothing) {
  for (const char* bad :
       {"", ";", "; spf=pass", "a.b; spf", "a.b; spf=", "a.b; =pass", "a.b; spf=pass (open",
        "a.b; dkim=pass header.d", "a.b; dkim=pass reason=\"open", "a.b c; spf=pass"}) {
    EXPECT_FALSE(ReadAuthResults(bad).has_value()) << bad;
  }
  EXPECT_FALSE(ReadAuthResults("a.b; spf=" + std::string(600, 'x')).has_value());
  EXPECT_FALSE(ReadAuthResults(std::string(9000, ' ')).has_value());
}

TEST(AuthResultsTest, ManyResultsAreCut) {
  std::string many = "a.b";
  for (int i = 0; i < 100; ++i) many += "; dkim=pass";
  EXPECT_EQ(ReadAuthResults(many)->results.size(), 32u);
}

TEST(AuthResultsTest, OnlyTheTrustedServerCountsAndOnlyWhatItWroteItself) {
  const std::string headers =
      "Return-Path: <probe@example.net>\r\n"
      "Received: from mx.example.com by store.example.com with LMTP; Mon, 23 Nov 2026 01:00:02 "
      "+0000\r\n"
      "Authentication-Results: other.example.com; spf=fail\r\n"
      "authentication-results: mx.example.com;\r\n\tdkim=pass header.d=example.net\r\n"
      "Authentication-Results: mx.example.com; spf=softfail\r\n"
      "Received: from mail.example.net by mx.example.com; Mon, 23 Nov 2026 01:00:01 +0000\r\n"
      "Authentication-Results: mx.example.com; dmarc=pass; spf=pass\r\n"
      "Subject: x\r\n"
      "\r\n"
      "Authentication-Results: mx.example.com; arc=pass\r\n";
  EXPECT_EQ(Text(TrustedAuthResults(headers, "MX.example.com")), "dkim=pass spf=softfail");
  EXPECT_EQ(Text(TrustedAuthResults(headers, "example.com")), "nothing");
  EXPECT_EQ(Text(TrustedAuthResults("", "mx.example.com")), "nothing");
}

TEST(AuthResultsTest, OneGoodSignatureIsEnough) {
  const std::optional<AuthResults> read = ReadAuthResults(
      "a.b; dkim=fail header.d=list.test; dkim=pass header.d=b.test; spf=permerror");
  EXPECT_EQ(OverallResult(*read, "dkim"), "pass");
  EXPECT_EQ(OverallResult(*read, "spf"), "permerror");
  EXPECT_EQ(OverallResult(*read, "dmarc"), "");
}

}  // namespace
}  // namespace postwatch
