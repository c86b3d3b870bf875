#include "cli/check/progress.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(ProgressText, SaysHowFarItIsAndWhatItWaitsFor) {
  PoolProgress progress{.done = 12, .total = 20, .elapsed = absl::Milliseconds(3900)};
  EXPECT_EQ(ProgressText(progress), "12 of 20 done, 3 s");
  progress.running = {"smtp.mx", "tls.cert"};
  EXPECT_EQ(ProgressText(progress), "12 of 20 done, 3 s: waiting for smtp.mx, tls.cert");
}

TEST(ProgressText, FitsOnOneLine) {
  PoolProgress progress{.done = 1, .total = 20};
  for (int i = 0; i < 8; ++i) progress.running.push_back("dns.delegation");
  EXPECT_EQ(ProgressText(progress),
            "1 of 20 done, 0 s: waiting for dns.delegation, dns.delegation and 6 more");
}

TEST(ProgressLine, TellsWhatEnded) {
  const CheckSpec check{.kind = "dns.mx"};
  const Observation result{.took = absl::Milliseconds(12), .outcome = Outcome::kFail};
  EXPECT_EQ(ProgressLine({.done = 3, .total = 20}), "");
  EXPECT_EQ(ProgressLine({.done = 3, .total = 20, .finished = &check, .result = &result}),
            "3 of 20: dns.mx fail, 12 ms\n");
}

}  // namespace
}  // namespace postwatch::cli
