#include "cli/check/watch.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

class WatchTest : public testing::Test {
 protected:
  // Runs over these rounds, each in 2 s; the last one repeats.
  ReportStatus Watch(std::vector<Report> rounds, WatchOptions options = {}) {
    options.domain = "alpha.test";
    options.length = absl::Minutes(3);
    rounds_ = std::move(rounds);
    const WatchWorld world{.clock = clock_,
                           .check = [this]() -> absl::StatusOr<Report> {
                             clock_.Advance(absl::Seconds(2));
                             return rounds_[std::min(checks_++, rounds_.size() - 1)];
                           },
                           .wait =
                               [this](absl::Duration duration) {
                                 clock_.Advance(duration);
                                 return ++waits_ != interrupt_at_;
                               },
                           .print = [this](std::string_view text) { out_ += text; }};
    const absl::StatusOr<ReportStatus> status = RunWatch(options, world);
    EXPECT_TRUE(status.ok()) << status.status();
    return status.value_or(ReportStatus::kUnknown);
  }

  FakeClock clock_;
  std::vector<Report> rounds_;
  size_t checks_ = 0;
  int waits_ = 0, interrupt_at_ = -1;
  std::string out_;
};

const Report kGood = ReportOf({Passed()});
const Report kBad = ReportOf({Refused()});
const Report kUntested = ReportOf({Skipped()});

TEST_F(WatchTest, NothingWorseIsOk) {
  EXPECT_EQ(Watch({kGood}), ReportStatus::kOk);
  EXPECT_EQ(checks_, 4u) << "at 0, 1, 2 and 3 min";
  EXPECT_EQ(out_,
            "2026-11-02 12:00:02 UTC  watching alpha.test for 3 min 0 s, a round every 1 min 0 s; "
            "before:\n"
            "                         nothing wrong\n"
            "2026-11-02 12:03:02 UTC  OK after 3 rounds: nothing is worse than before\n");
}

TEST_F(WatchTest, WhatIsWorseInTwoRoundsFails) {
  EXPECT_EQ(Watch({kGood, kGood, kBad}), ReportStatus::kCritical);
  EXPECT_EQ(out_,
            "2026-11-02 12:00:02 UTC  watching alpha.test for 3 min 0 s, a round every 1 min 0 s; "
            "before:\n"
            "                         nothing wrong\n"
            "2026-11-02 12:02:02 UTC  NEW smtp.mx smtp_banner_refused_perm (critical): "
            "mx1.alpha.test refuses\n"
            "                         us\n"
            "2026-11-02 12:02:02 UTC  NEW smtp.mx tls_not_offered (warning): no STARTTLS\n"
            "2026-11-02 12:03:02 UTC  AGAIN smtp.mx smtp_banner_refused_perm (critical): "
            "mx1.alpha.test\n"
            "                         refuses us\n"
            "2026-11-02 12:03:02 UTC  AGAIN smtp.mx tls_not_offered (warning): no STARTTLS\n"
            "2026-11-02 12:03:02 UTC  CRITICAL after 3 rounds: worse than before\n");
}

TEST_F(WatchTest, WhatIsNewInTheLastRoundIsLookedAtOnceMore) {
  EXPECT_EQ(Watch({kGood, kGood, kGood, kBad, kGood}), ReportStatus::kOk);
  EXPECT_EQ(checks_, 5u);
}

TEST_F(WatchTest, WhatRecoversIsOkAndWhatWasBadBeforeToo) {
  EXPECT_EQ(Watch({kGood, kBad, kBad, kGood}), ReportStatus::kOk);
  EXPECT_EQ(Watch({kBad}), ReportStatus::kOk);
}

TEST_F(WatchTest, ABaselineStandsForTheFirstRound) {
  WatchOptions options;
  options.before.emplace();
  EXPECT_EQ(Watch({kBad}, options), ReportStatus::kCritical);
  EXPECT_EQ(checks_, 4u);
  options.fail_on = FindingSeverity::kCritical;
  Report warned = kBad;
  warned.findings.erase(warned.findings.begin());
  EXPECT_EQ(Watch({warned}, options), ReportStatus::kOk);
  EXPECT_TRUE(out_.ends_with("what is worse is allowed by --fail-on critical\n")) << out_;
}

TEST_F(WatchTest, WhatCannotBeTestedIsUnknown) {
  EXPECT_EQ(Watch({kUntested}), ReportStatus::kUnknown);
  EXPECT_EQ(checks_, 1u);
  EXPECT_EQ(Watch({kGood, kGood, kUntested}), ReportStatus::kUnknown);
  EXPECT_TRUE(out_.ends_with("UNKNOWN after 3 rounds: nothing could be tested at the end\n"))
      << out_;
}

TEST_F(WatchTest, AnInterruptEndsIt) {
  interrupt_at_ = 2;
  EXPECT_EQ(Watch({kGood}), ReportStatus::kUnknown);
  EXPECT_TRUE(out_.ends_with("UNKNOWN after 1 round: interrupted\n")) << out_;
}

TEST_F(WatchTest, AsJsonEachLineIsAnObject) {
  WatchOptions options;
  options.json = true;
  Report warned = kBad;
  warned.findings.erase(warned.findings.begin());
  warned.findings[0].fix.clear();
  EXPECT_EQ(Watch({kGood, warned}, options), ReportStatus::kWarning);
  const std::string finding =
      R"("finding":{"check":"smtp.mx","leg":"inbound","subject":"alpha.test","outcome":"fail",)"
      R"("class":"tls_not_offered","severity":"warning","step":"ehlo","detail":"no STARTTLS",)"
      R"("fix":"","steps":[]}})";
  EXPECT_EQ(
      out_,
      Concat(R"({"time":"2026-11-02T12:00:02.000Z","event":"start","round":0,)"
             R"("domain":"alpha.test","before":0})",
             "\n", R"({"time":"2026-11-02T12:01:02.000Z","event":"appeared","round":1,)", finding,
             "\n", R"({"time":"2026-11-02T12:02:02.000Z","event":"confirmed","round":2,)", finding,
             "\n",
             R"({"time":"2026-11-02T12:03:02.000Z","event":"end","round":3,)"
             R"("status":"warning"})",
             "\n"));
}

}  // namespace
}  // namespace postwatch::cli
