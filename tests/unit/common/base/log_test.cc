#include "common/base/log.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

constexpr std::string_view kTime = "2026-11-02T12:00:00.000Z";

TEST(FormatLogLine, Text) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, LogLevel::kWarn, kTime, "spool full",
                          {{"bytes", "17"}, {"path", "/a b"}}),
            "2026-11-02T12:00:00.000Z warn spool full bytes=17 path=\"/a b\"");
}

TEST(FormatLogLine, Json) {
  EXPECT_EQ(
      FormatLogLine(LogFormat::kJson, LogLevel::kError, kTime, "bad \"x\"", {{"reply", "550 no"}}),
      R"({"time":"2026-11-02T12:00:00.000Z","level":"error","msg":"bad \"x\"","reply":"550 no"})");
}

TEST(FormatLogLine, APeerCannotForgeALineOrAField) {
  const std::string line = FormatLogLine(LogFormat::kText, LogLevel::kInfo, kTime, "reply",
                                         {{"text", "250 ok\n2026 error forged a=b"}});
  EXPECT_EQ(line, "2026-11-02T12:00:00.000Z info reply text=\"250 ok\\n2026 error forged a=b\"");
}

TEST(FormatLogLine, EscapesTerminalSequencesInTheMessageToo) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, LogLevel::kInfo, kTime, "a\x1b[2Jb\r", {}),
            "2026-11-02T12:00:00.000Z info \"a\\u001b[2Jb\\r\"");
}

TEST(FormatLogLine, CutsLongValues) {
  const std::string line =
      FormatLogLine(LogFormat::kText, LogLevel::kInfo, kTime, "m", {{"v", std::string(5000, 'x')}});
  EXPECT_EQ(line.size(), kTime.size() + sizeof(" info m v=") - 1 + 2048);
}

TEST(ParseLogLevel, NamesTheChoices) {
  EXPECT_EQ(*ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(*ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud").status().message(),
            "log level 'loud' is none of debug, info, warn, error");
}

TEST(ParseLogFormat, NamesTheChoices) {
  EXPECT_EQ(*ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat("xml").status().message(), "log format 'xml' is none of text, json");
}

}  // namespace
}  // namespace postwatch
