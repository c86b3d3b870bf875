#include "common/mail/canary_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/base/text.h"
#include "common/mail/mime.h"
#include "common/mail/probe_message.h"

namespace postwatch {
namespace {

using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

std::string Compose(std::string_view mark) {
  return ComposeCanary(mark, "probe@a.test", "a.test", kNow);
}

TEST(CanaryMessage, TheMarkFollowsFromTheCheckAndTheKey) {
  const Secret key("fleet key");
  const std::string mark = CanaryMark("a.test/imap.canary", key);
  EXPECT_THAT(mark, testing::MatchesRegex("canary-[0-9a-f]{32}"));
  EXPECT_EQ(CanaryMark("a.test/imap.canary", Secret("fleet key")), mark);
  EXPECT_NE(CanaryMark("b.test/imap.canary", key), mark);
  EXPECT_NE(CanaryMark("a.test/imap.canary", Secret("other key")), mark);
}

TEST(CanaryMessage, IsFoundByItsHeaders) {
  const std::string message = Compose("canary-1");
  const std::string_view headers = SplitEntity(message).headers;
  EXPECT_TRUE(HasCanaryMark(headers, "canary-1"));
  EXPECT_FALSE(HasCanaryMark(headers, "canary-2"));
  EXPECT_TRUE(HasCanaryMark("Message-ID: <canary-1@a.test>\r\n", "canary-1"));
  EXPECT_FALSE(HasCanaryMark("Message-ID: <canary-12@a.test>\r\n", "canary-1"));
  EXPECT_EQ(HeaderField(headers, "Date"), "Mon, 21 Sep 2026 14:13:20 +0000");
}

TEST(CanaryMessage, IsNoLetterThatSomebodyMayDelete) {
  const Secret key("fleet key");
  const std::string message = Compose(CanaryMark("a.test/imap.canary", key));
  EXPECT_FALSE(FindToken(message, key).has_value());
  EXPECT_FALSE(HasUnverifiedToken(message, key));
  EXPECT_FALSE(ReadProbeMessage(message, key).has_value());
}

TEST(CanaryMessage, WhatBecameOfIt) {
  const std::string message = Compose("canary-1");
  EXPECT_EQ(CheckCanary(message, "canary-1"), Integrity::kExact);
  EXPECT_EQ(CheckCanary(absl::StrReplaceAll(message, {{"\r\n", "\n"}}), "canary-1"),
            Integrity::kCanonical);
  EXPECT_EQ(CheckCanary(Concat(message, "-- \r\nsent by a.test\r\n"), "canary-1"),
            Integrity::kRewritten);
  EXPECT_EQ(CheckCanary(message.substr(0, message.size() / 2), "canary-1"), Integrity::kCorrupted);
  EXPECT_EQ(CheckCanary("", "canary-1"), Integrity::kCorrupted);
  for (size_t at = message.find("\r\n\r\n") + 200; at < message.size() - 200; at += 61) {
    std::string damaged = message;
    damaged.replace(at, 3, "\x7f\x7f\x7f");
    EXPECT_NE(CheckCanary(damaged, "canary-1"), Integrity::kExact) << at;
  }
}

}  // namespace
}  // namespace postwatch
