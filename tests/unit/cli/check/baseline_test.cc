#include "cli/check/baseline.h"

#include <gtest/gtest.h>

#include "cli/formats/json_format.h"
#include "common/base/text.h"
#include "tests/support/report_samples.h"

namespace postwatch::cli {
namespace {

// What `before` leaves behind as a baseline.
std::vector<Finding> BaselineOf(const Report& before) {
  const absl::StatusOr<std::vector<Finding>> read =
      ReadBaseline(JsonReport(before, {}), before.domain);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.value_or(std::vector<Finding>());
}

std::string Refusal(std::string_view text) {
  return std::string(ReadBaseline(text, "alpha.test").status().message());
}

TEST(Baseline, IsWhatTheJsonFormatWrites) {
  const std::vector<Finding> read = BaselineOf(ReportOf({Refused(), Skipped(), Passed()}));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].check, "smtp.mx");
  EXPECT_EQ(read[0].leg, Leg::kInbound);
  EXPECT_EQ(read[0].subject, "alpha.test");
  EXPECT_EQ(read[0].outcome, Outcome::kFail);
  EXPECT_EQ(read[0].klass, FailureClass::kSmtpBannerRefusedPerm);
  EXPECT_EQ(read[0].severity, FindingSeverity::kCritical);
  EXPECT_EQ(read[0].step, "banner");
  EXPECT_EQ(read[0].detail, "mx1.alpha.test refuses us");
  EXPECT_EQ(read[1].severity, FindingSeverity::kWarning);
}

TEST(Baseline, WhatIsNoneIsRefused) {
  EXPECT_EQ(Refusal("{"), "is no report: make one with `postwatch check DOMAIN --format json`");
  EXPECT_EQ(Refusal("[]"), "is no report: make one with `postwatch check DOMAIN --format json`");
  EXPECT_EQ(Refusal(R"({"findings":1})"),
            "is no report: make one with `postwatch check DOMAIN --format json`");
  EXPECT_EQ(Refusal(R"({"version":1,"domain":"beta.test","findings":[]})"),
            "is a report of beta.test, not of alpha.test");
  EXPECT_EQ(Refusal(R"({"version":99,"domain":"alpha.test","findings":[]})"),
            "is no report of version 1, the one this program makes");
  EXPECT_EQ(Refusal(R"({"domain":"alpha.test","findings":[]})"),
            "is no report of version 1, the one this program makes");
  for (const std::string_view severity : {"", R"(,"severity":"huge")", R"(,"severity":2)"}) {
    EXPECT_EQ(
        Refusal(Concat(R"({"version":1,"domain":"alpha.test","findings":[{"check":"dns.spf",)",
                       R"("outcome":"fail")", severity, "}]}")),
        "has a finding of dns.spf without a severity that is known");
  }
}

TEST(CompareWith, TheSameIsKnown) {
  Report now = ReportOf({Refused()});
  now.findings[0].detail = "other words";
  CompareWith(BaselineOf(ReportOf({Refused()})), now);
  EXPECT_TRUE(now.findings[0].known);
  EXPECT_TRUE(now.findings[1].known);
  EXPECT_TRUE(now.fixed.empty());
  EXPECT_EQ(now.status(), ReportStatus::kOk);
}

TEST(CompareWith, WhatIsNewOrWorseCounts) {
  Report before = ReportOf({Refused()});
  before.findings[0].severity = FindingSeverity::kWarning;
  before.findings.pop_back();
  Report now = ReportOf({Refused()});
  CompareWith(BaselineOf(before), now);
  EXPECT_FALSE(now.findings[0].known) << "worse";
  EXPECT_FALSE(now.findings[1].known) << "new";
  EXPECT_TRUE(now.fixed.empty());
}

TEST(CompareWith, TheSecondOfAKindIsNew) {
  Report now = ReportOf({Refused(), Refused()});
  now.findings[0].detail = "mx2.alpha.test refuses us";
  CompareWith(BaselineOf(ReportOf({Refused()})), now);
  EXPECT_TRUE(now.findings[0].known);
  EXPECT_FALSE(now.findings[2].known);
  Report split = ReportOf({Refused(), Refused()});
  for (Finding& finding : split.findings) finding.resolvers = {"192.0.2.1:53"};
  CompareWith(BaselineOf(ReportOf({Refused()})), split);
  EXPECT_TRUE(split.findings[2].known) << "two resolvers tell one fault";
}

TEST(CompareWith, WhatIsNoMoreIsFixedIfItWasTested) {
  Report now = ReportOf({Passed()});
  CompareWith(BaselineOf(ReportOf({Refused()})), now);
  ASSERT_EQ(now.fixed.size(), 2u);
  EXPECT_EQ(now.fixed[0].klass, FailureClass::kSmtpBannerRefusedPerm);
  Report untested = ReportOf({Skipped()});
  CompareWith(BaselineOf(ReportOf({Refused()})), untested);
  EXPECT_TRUE(untested.fixed.empty());
  EXPECT_TRUE(untested.has_baseline);
}

}  // namespace
}  // namespace postwatch::cli
