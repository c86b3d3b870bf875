#include "cli/fleet/collector_client.h"

#include <gtest/gtest.h>

#include <array>

namespace postwatch::cli {
namespace {

TEST(CollectorUrl, HasNoSlashAtItsEnd) {
  constexpr std::array kFlags = {FlagSpec{"collector", "URL", ""}};
  const auto url = [&](const std::vector<std::string_view>& words) {
    return CollectorUrl(*Flags::Parse(words, kFlags));
  };
  EXPECT_EQ(url({}), "http://127.0.0.1:7480");
  EXPECT_EQ(url({"--collector", "http://pw.test:80"}), "http://pw.test:80");
  EXPECT_EQ(url({"--collector", "http://pw.test:80/"}), "http://pw.test:80");
  EXPECT_EQ(url({"--collector", "http://pw.test/in/a/folder//"}), "http://pw.test/in/a/folder");
}

TEST(ErrorTextOf, ReadsTheApisErrorsAndNothingElse) {
  EXPECT_EQ(ErrorTextOf(R"({"error":"there is no agent 'x'"})"), "there is no agent 'x'");
  for (const char* other : {"", "not json", "[]", "{}", R"({"error":7})", R"({"error")"}) {
    EXPECT_EQ(ErrorTextOf(other), "") << other;
  }
}

}  // namespace
}  // namespace postwatch::cli
