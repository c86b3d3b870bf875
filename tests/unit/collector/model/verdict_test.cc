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

TEST(MailLossSentence, DependsOnWhatFailsAndOnWhetherItIsOver) {
  Verdict verdict{.level = VerdictLevel::kReal, .leg = Leg::kInbound};
  EXPECT_EQ(MailLossSentence(verdict, false), "No mail is affected.");
  EXPECT_EQ(MailLossSentence(verdict, true), "No mail was affected.");
  verdict.leg = Leg::kAccess;
  EXPECT_EQ(MailLossSentence(verdict, false),
            "New mail is accepted and kept; people cannot read it until this ends.");
  verdict.mail_loss = MailLoss::kAccessible;
  EXPECT_EQ(MailLossSentence(verdict, false), "Mail is accepted and safe; it cannot be read.");
  verdict.leg = Leg::kSubmission;
  EXPECT_EQ(MailLossSentence(verdict, false),
            "Nothing can be handed in for sending; incoming and stored mail is safe.");
  verdict.mail_loss = MailLoss::kQueued;
  EXPECT_EQ(MailLossSentence(verdict, true),
            "Mail was queued at the senders and arrives as they try again.");
  verdict.leg = Leg::kDelivery;
  EXPECT_EQ(MailLossSentence(verdict, true),
            "Mail was accepted and held back; it arrives as the queue empties.");
}

TEST(MailLossSentence, SaysWhenNothingCanBeReadNorHandedIn) {
  const Verdict verdict{.level = VerdictLevel::kReal, .leg = Leg::kSubmission};
  EXPECT_EQ(MailLossSentence(verdict, false),
            "New mail is accepted and kept; nothing can be read or handed in.");
  EXPECT_EQ(MailLossSentence(verdict, true),
            "New mail was accepted and kept; nothing could be read or handed in.");
}

TEST(TargetsText, NamesSomeAndCountsTheOthers) {
  Verdict verdict;
  EXPECT_EQ(TargetsText(verdict, 2), "");
  verdict.targets = {"a.test", "b.test", "c.test"};
  EXPECT_EQ(TargetsText(verdict, 3), "a.test, b.test, c.test");  // of an earlier version: no count
  EXPECT_EQ(TargetsText(verdict, 2), "a.test, b.test and 1 more");
  verdict.targets_hit = 500;
  EXPECT_EQ(TargetsText(verdict, 2), "a.test, b.test and 498 more");
}

TEST(MailLossSentence, WhoSeesNothingClaimsNothing) {
  const Verdict verdict{.level = VerdictLevel::kInsufficientVisibility};
  EXPECT_EQ(MailLossSentence(verdict, false),
            "Nobody can see what happens to mail until agents are back.");
  EXPECT_EQ(MailLossSentence(verdict, true), "Nobody could see what happened to mail meanwhile.");
}

TEST(MailLossSentence, EveryLossHasOneForNowAndOneForAfterwards) {
  for (const MailLoss loss : {MailLoss::kNone, MailLoss::kQueued, MailLoss::kRejected,
                              MailLoss::kAtRisk, MailLoss::kAccessible}) {
    const Verdict verdict{.level = VerdictLevel::kReal, .mail_loss = loss};
    EXPECT_NE(MailLossSentence(verdict, false), "");
    EXPECT_NE(MailLossSentence(verdict, true), "");
    EXPECT_NE(MailLossSentence(verdict, true), MailLossSentence(verdict, false));
  }
}

}  // namespace
}  // namespace postwatch::collector
