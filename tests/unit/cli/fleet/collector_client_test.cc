#include "cli/fleet/collector_client.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(ErrorTextOf, ReadsTheApisErrorsAndNothingElse) {
  EXPECT_EQ(ErrorTextOf(R"({"error":"there is no agent 'x'"})"), "there is no agent 'x'");
  for (const char* other : {"", "not json", "[]", "{}", R"({"error":7})", R"({"error")"}) {
    EXPECT_EQ(ErrorTextOf(other), "") << other;
  }
}

}  // namespace
}  // namespace postwatch::cli
