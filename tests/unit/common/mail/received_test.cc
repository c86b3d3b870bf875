#include "common/mail/received.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

std::string Utc(std::optional<absl::Time> time) {
  if (!time.has_value()) return "nothing";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", *time, absl::UTCTimeZone());
}

TEST(ReceivedTest, ALineOfAServerIsRead) {
  const ReceivedHop hop = ReadReceived(
      "from mail.Example.net (mail.example.net [192.0.2.9])\r\n"
      " (using TLSv1.3; key by nobody) by mx.example.com. (Postfix) with esmtps id 4F2\r\n"
      " for <probe@example.com>; Mon, 23 Nov 2026 02:00:01 +0100 (CET)");
  EXPECT_EQ(hop.from, "mail.example.net");
  EXPECT_EQ(hop.by, "mx.example.com");
  EXPECT_EQ(hop.with, "ESMTPS");
  EXPECT_EQ(hop.id, "4F2");
  EXPECT_EQ(Utc(hop.date), "2026-11-23 01:00:01");
}

TEST(ReceivedTest, WhatCannotBeReadStaysEmpty) {
  for (const char* bad : {"", ";", "from", "(open comment from a by b; Mon", "nonsense"}) {
    const ReceivedHop hop = ReadReceived(bad);
    EXPECT_EQ(hop.from + hop.by, "") << bad;
    EXPECT_FALSE(hop.date.has_value()) << bad;
  }
  EXPECT_EQ(ReadReceived("by 2002:a05:6102 with SMTP id x; yesterday").by, "2002:a05:6102");
}

TEST(ReceivedTest, DatesOfMail) {
  EXPECT_EQ(Utc(ReadMailDate("Mon, 23 Nov 2026 01:02:03 +0000")), "2026-11-23 01:02:03");
  EXPECT_EQ(Utc(ReadMailDate("23 Nov 2026 01:02 -0530")), "2026-11-23 06:32:00");
  EXPECT_EQ(Utc(ReadMailDate("Mon,23 Nov 26 01:02:03 EST (winter)")), "2026-11-23 06:02:03");
  EXPECT_EQ(Utc(ReadMailDate("Tue, 31 Dec 2024 23:59:60 GMT")), "2025-01-01 00:00:00");
  EXPECT_EQ(Utc(ReadMailDate("1 Jan 99 00:00:00 Z")), "1999-01-01 00:00:00");
  for (const char* bad :
       {"", "Mon,", "31 Jun 2026 01:02:03 +0000", "1 Foo 2026 01:02:03 +0000",
        "1 Jan 2026 25:00:00 +0000", "1 Jan 2026 01:02:03 +00", "1 Jan 2026 01:02:03 +0199",
        "0 Jan 2026 01:02:03 +0000", "1 Jan -226 01:02:03 +0000", "1 Jan 2026", "a b c d e"}) {
    EXPECT_FALSE(ReadMailDate(bad).has_value()) << bad;
  }
}

// Newest on top, as letters bear them.
constexpr char kHeaders[] =
    "Return-Path: <probe@example.net>\r\n"
    "Received: from mx.example.com by store.example.com with LMTP;\r\n"
    "\tMon, 23 Nov 2026 01:00:20 +0000\r\n"
    "RECEIVED: from mail.example.net by mx.example.com with ESMTPS;\r\n"
    " Mon, 23 Nov 2026 01:00:21 +0000\r\n"
    "Received: by nodate.example.net\r\n"
    "Received: from agent.example.org by mail.example.net with ESMTPSA; Mon, 23 Nov 2026 01:00:03 "
    "+0000\r\n"
    "Subject: x\r\n"
    "\r\n"
    "Received: from forged by body; Mon, 23 Nov 2026 01:00:03 +0000\r\n";

TEST(ReceivedTest, TheChainGoesTheWayOfTheLetter) {
  const ReceivedChain chain = ReadReceivedChain(kHeaders);
  EXPECT_EQ(chain.count, 4u);
  ASSERT_EQ(chain.hops.size(), 4u);
  EXPECT_EQ(chain.hops[0].by, "mail.example.net");
  EXPECT_EQ(chain.hops[3].by, "store.example.com");
}

TEST(ReceivedTest, EachHopHasItsDelayAndAClockBehindIsFlagged) {
  const absl::Time sent = *ReadMailDate("Mon, 23 Nov 2026 01:00:01 +0000");
  std::string text;
  for (const HopDelay& hop : HopDelays(ReadReceivedChain(kHeaders), sent)) {
    Append(text, hop.host, " ", absl::FormatDuration(hop.delay), hop.skewed ? " skewed" : "", "; ");
  }
  EXPECT_EQ(text, "mail.example.net 2s; mx.example.com 18s; store.example.com 0 skewed; ");
}

TEST(ReceivedTest, HostsAreFoundByNameAndPattern) {
  const ReceivedChain chain = ReadReceivedChain(kHeaders);
  EXPECT_TRUE(PassedThrough(chain, "MX.example.com"));
  EXPECT_TRUE(PassedThrough(chain, "*.example.org"));
  EXPECT_FALSE(PassedThrough(chain, "*.mx.example.com"));
  EXPECT_FALSE(PassedThrough(chain, "example.com"));
  EXPECT_FALSE(PassedThrough(chain, "forged"));
  EXPECT_FALSE(PassedThrough(ReadReceivedChain(""), "*."));
}

TEST(ReceivedTest, AnyNumberOfHopsIsCountedAndAHundredKept) {
  std::string headers;
  for (int i = 0; i < 150; ++i) headers += "Received: by a.test; x\r\n";
  const ReceivedChain chain = ReadReceivedChain(headers);
  EXPECT_EQ(chain.count, 150u);
  EXPECT_EQ(chain.hops.size(), 100u);
}

}  // namespace
}  // namespace postwatch
