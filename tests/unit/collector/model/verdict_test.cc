#include "collector/model/verdict.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(VerdictTest, LevelsHaveOneSpelling) {
  EXPECT_EQ(VerdictLevelName(VerdictLevel::kReal), "real");
  EXPECT_EQ(VerdictLevelName(VerdictLevel::kLocal), "local");
  EXPECT_EQ(VerdictLevelName(VerdictLevel::kInsufficientVisibility), "insufficient_visibility");
}

TEST(VerdictTest, SeveritiesMapToWhatAlertingToolsCallThem) {
  EXPECT_EQ(SeverityName(Severity::kSev1), "sev1");
  EXPECT_EQ(SeverityName(Severity::kSev4), "sev4");
  EXPECT_EQ(SeverityLabel(Severity::kSev1), "critical");
  EXPECT_EQ(SeverityLabel(Severity::kSev2), "error");
  EXPECT_EQ(SeverityLabel(Severity::kSev3), "warning");
  EXPECT_EQ(SeverityLabel(Severity::kSev4), "info");
}

TEST(VerdictTest, MailLossHasOneSpelling) {
  EXPECT_EQ(MailLossName(MailLoss::kNone), "none");
  EXPECT_EQ(MailLossName(MailLoss::kQueued), "queued");
  EXPECT_EQ(MailLossName(MailLoss::kRejected), "rejected");
  EXPECT_EQ(MailLossName(MailLoss::kAtRisk), "at_risk");
  EXPECT_EQ(MailLossName(MailLoss::kAccessible), "accessible");
}

TEST(VerdictTest, AnEmptyVerdictBlamesNobody) {
  EXPECT_EQ(Verdict().level, VerdictLevel::kLocal);
  EXPECT_EQ(Verdict().confidence, 0);
}

}  // namespace
}  // namespace postwatch::collector
