#include "common/mail/smtp_reply.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/unit/common/mail/mutations.h"

namespace postwatch {
namespace {

using Progress = SmtpReplyParser::Progress;

SmtpReplyParser Parsed(std::string_view bytes) {
  SmtpReplyParser parser;
  parser.Feed(bytes);
  return parser;
}

TEST(SmtpReply, OneLine) {
  const SmtpReplyParser parser = Parsed("550 5.1.1 <x@b.example>: User unknown\r\n");
  ASSERT_EQ(parser.progress(), Progress::kDone);
  EXPECT_EQ(parser.reply().code, 550);
  EXPECT_EQ(parser.reply().enhanced, "5.1.1");
  EXPECT_EQ(parser.reply().text, "<x@b.example>: User unknown");
}

TEST(SmtpReply, EnhancedCodeOnEveryLineIsStripped) {
  const SmtpReplyParser parser =
      Parsed("550-5.1.1 The account does not exist.\n550-5.1.1 Try\r\n550 5.1.1  again gsmtp\r\n");
  ASSERT_EQ(parser.progress(), Progress::kDone);
  EXPECT_EQ(parser.reply().enhanced, "5.1.1");
  EXPECT_EQ(parser.reply().text, "The account does not exist.\nTry\nagain gsmtp");
}

TEST(SmtpReply, EnhancedCodeOnALaterLine) {
  const SmtpReplyParser parser = Parsed("554-rejected\r\n554 #5.7.1 by policy\r\n");
  EXPECT_EQ(parser.reply().enhanced, "5.7.1");
  EXPECT_EQ(parser.reply().text, "rejected\nby policy");
}

TEST(SmtpReply, WhatOnlyLooksLikeAnEnhancedCodeStays) {
  for (const std::string_view text :
       {"5.1", "5.1.x no", "3.0.0 no", "5.1.1234 no", "5.1.1: no", "5..1 no", "192.0.2.1 no"}) {
    const SmtpReplyParser parser = Parsed(Concat("550 ", text, "\r\n"));
    EXPECT_EQ(parser.reply().enhanced, "");
    EXPECT_EQ(parser.reply().text, text);
  }
}

TEST(SmtpReply, BareCodeEndsAReply) {
  const SmtpReplyParser parser = Parsed("250\r\n");
  ASSERT_EQ(parser.progress(), Progress::kDone);
  EXPECT_EQ(parser.reply().code, 250);
  EXPECT_EQ(parser.reply().text, "");
}

TEST(SmtpReply, StopsBehindTheReply) {
  SmtpReplyParser parser;
  EXPECT_EQ(parser.Feed("220 ready\r\n250 evil\r\n"), 11u);
  EXPECT_EQ(parser.Feed("250 evil\r\n"), 0u);
  EXPECT_EQ(parser.reply().code, 220);
}

TEST(SmtpReply, BrokenReplies) {
  const std::pair<std::string, std::string> kCases[] = {
      {"250-a\r\n550 b\r\n", "lines with different codes: '550 b'"},
      {"SSH-2.0-x\r\n", "not a reply line: 'SSH-2.0-x'"},
      {"199 x\r\n", "not a reply line: '199 x'"},
      {"600 x\r\n", "not a reply line: '600 x'"},
      {"25\r\n", "not a reply line: '25'"},
      {"\r\n", "not a reply line: ''"},
      {"250+x\r\n", "not a reply line: '250+x'"},
      {std::string("250 a\0b\x1b\r\n2\r\n", 10) + "\r\n", ""},
  };
  for (const auto& [bytes, problem] : kCases) {
    const SmtpReplyParser parser = Parsed(bytes);
    if (problem.empty()) {
      EXPECT_EQ(parser.reply().text, "a?b?");
      continue;
    }
    EXPECT_EQ(parser.progress(), Progress::kBroken) << bytes;
    EXPECT_EQ(parser.problem(), problem);
  }
}

TEST(SmtpReply, LongLineIsRefusedBeforeItEnds) {
  SmtpReplyParser parser;
  const std::string much = Concat("220 ", std::string(5000, 'x'));
  parser.Feed(much);
  EXPECT_EQ(parser.progress(), Progress::kBroken);
  EXPECT_TRUE(std::string_view(parser.problem()).starts_with("a line over 4 KiB: '220 xxx"));
  EXPECT_LT(parser.problem().size(), 120u);
}

TEST(SmtpReply, LongestLineIsTaken) {
  const std::string line = Concat("220 ", std::string(kMaxSmtpLine - 4, 'x'));
  EXPECT_EQ(Parsed(Concat(line, "\r\n")).progress(), Progress::kDone);
  EXPECT_EQ(Parsed(Concat(line, "x\r\n")).progress(), Progress::kBroken);
}

TEST(SmtpReply, LinesAndTextAreBounded) {
  std::string hundred;
  for (int i = 0; i < 99; ++i) Append(hundred, "250-", std::string(100, 'y'), "\r\n");
  const SmtpReplyParser fits = Parsed(Concat(hundred, "250 end\r\n"));
  EXPECT_EQ(fits.progress(), Progress::kDone);
  EXPECT_EQ(fits.reply().text.size(), 2048u);
  EXPECT_EQ(fits.lines().size(), 100u);
  const SmtpReplyParser over = Parsed(Concat(hundred, "250-more\r\n250 end\r\n"));
  EXPECT_EQ(over.progress(), Progress::kBroken);
}

TEST(SmtpReply, SplitAnywhereIsTheSame) {
  const std::string bytes =
      "550-5.7.26 Gr\xc3\xbc\xc3\x9f\r\n550-5.7.26 two\n550 5.7.26 - gsmtp\r\n";
  const SmtpReplyParser whole = Parsed(bytes);
  ASSERT_EQ(whole.progress(), Progress::kDone);
  for (size_t a = 0; a <= bytes.size(); ++a) {
    for (size_t b = a; b <= bytes.size(); ++b) {
      SmtpReplyParser parser;
      size_t used = 0;
      for (const std::string& piece :
           {bytes.substr(0, a), bytes.substr(a, b - a), bytes.substr(b)}) {
        used += parser.Feed(piece);
      }
      ASSERT_EQ(used, bytes.size());
      ASSERT_EQ(parser.reply().text, whole.reply().text);
      ASSERT_EQ(parser.reply().enhanced, "5.7.26");
    }
  }
  SmtpReplyParser parser;
  for (const char c : bytes) parser.Feed({&c, 1});
  EXPECT_EQ(parser.progress(), Progress::kDone);
  EXPECT_EQ(parser.reply().text, "Gr\xc3\xbc\xc3\x9f\ntwo\n- gsmtp");
}

TEST(SmtpReply, SurvivesMutations) {
  for (const std::string_view seed :
       {"250-mx.example\r\n250-SIZE 1000\r\n250 8BITMIME\r\n", "550-5.1.1 a\r\n550 5.1.1 b\r\n",
        "421 4.7.0 \xff\xfe\r\n", "220\r\n"}) {
    for (const std::string& bytes : Mutations(seed, 2000)) {
      SmtpReplyParser parser;
      const size_t used = parser.Feed(bytes);
      ASSERT_LE(used, bytes.size());
      if (parser.progress() == Progress::kMore) {
        ASSERT_EQ(used, bytes.size());
      }
      if (parser.progress() != Progress::kDone) continue;
      ASSERT_GE(parser.reply().code, 200);
      ASSERT_LE(parser.reply().code, 599);
      ASSERT_LE(parser.reply().text.size(), 2048u);
    }
  }
}

}  // namespace
}  // namespace postwatch
