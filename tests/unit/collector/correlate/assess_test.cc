#include "collector/correlate/assess.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/scene.h"

namespace postwatch::collector {
namespace {

const std::vector<std::string> kAgents = {"ap", "eu", "us"};

class AssessTest : public ::testing::Test {
 protected:
  // All agents but `well` see it fail, as a fault of this component.
  Verdict Assess(const std::string& component, FailureClass klass, const Attempt& like,
                 const std::string& well = "") {
    Suspect suspect{.id = s_.Id(component), .kind = KindOf(MakeRef(component).kind)};
    for (const std::string& agent : kAgents) {
      Attempt attempt = like;
      attempt.agent = agent;
      attempt.ended = 100;
      attempt.touched.push_back(component);
      if (agent == well) {
        attempt.ended = 101;
        s_.Passes(attempt);
        ++suspect.passes;
      } else {
        suspect.failures.push_back(s_.Fails(attempt, klass));
      }
    }
    suspect.fit.since = 100;
    suspect.confidence = 0.9;
    return MakeVerdict(suspect, s_.At(105), guarded_);
  }

  Scene s_;
  bool guarded_ = false;
};

TEST_F(AssessTest, AServiceThatFailsEverywhereIsOneLegDown) {
  const Verdict verdict = Assess("svc:alpha/imap", FailureClass::kTcpRefused, {});
  EXPECT_EQ(verdict.level, VerdictLevel::kReal);
  EXPECT_EQ(verdict.leg, Leg::kAccess);
  EXPECT_EQ(verdict.severity, Severity::kSev2);
  EXPECT_EQ(verdict.mail_loss, MailLoss::kNone);
  EXPECT_EQ(verdict.klass, FailureClass::kTcpRefused);
  EXPECT_EQ(verdict.provider, "alpha");
  EXPECT_EQ(verdict.evidence.agents, kAgents);
  EXPECT_EQ(verdict.evidence.failures, 3);
  EXPECT_EQ(verdict.failing_share, 1);
  EXPECT_EQ(verdict.scope, (std::vector<ScopeRow>{{.region = "ap", .failing = 1},
                                                  {.region = "eu", .failing = 1},
                                                  {.region = "us", .failing = 1}}));
}

TEST_F(AssessTest, WhereOneRegionIsWellItIsRegional) {
  const Verdict verdict = Assess("svc:alpha/imap", FailureClass::kTcpRefused, {}, "us");
  EXPECT_EQ(verdict.severity, Severity::kSev3);
  EXPECT_EQ(verdict.scope[2], (ScopeRow{.region = "us", .healthy = 1}));
}

TEST_F(AssessTest, AWholeProviderIsTheGravest) {
  EXPECT_EQ(Assess("provider:alpha", FailureClass::kTcpTimeout, {}).severity, Severity::kSev1);
}

TEST_F(AssessTest, AHostWithOthersBesideItIsLess) {
  const Attempt inbound{.check = "alpha/smtp", .leg = Leg::kInbound};
  const Verdict down = Assess("mx:mx1.alpha", FailureClass::kTcpTimeout, inbound);
  EXPECT_EQ(down.severity, Severity::kSev3);
  EXPECT_EQ(down.mail_loss, MailLoss::kQueued);
  // But after a final "no" no sender tries the next one.
  const Verdict rejects = Assess("mx:mx2.alpha", FailureClass::kSmtpMailboxUnknownPerm, inbound);
  EXPECT_EQ(rejects.severity, Severity::kSev1);
  EXPECT_EQ(rejects.mail_loss, MailLoss::kRejected);
}

TEST_F(AssessTest, ABlocklistThatHitsEverybodyIsGraverThanOneThatHitsSome) {
  const Attempt inbound{.check = "alpha/smtp", .leg = Leg::kInbound};
  EXPECT_EQ(Assess("svc:alpha/smtp", FailureClass::kSmtpBlocklistedPerm, inbound).severity,
            Severity::kSev1);
  EXPECT_EQ(Assess("svc:alpha/smtp", FailureClass::kSmtpBlocklistedPerm, inbound, "eu").severity,
            Severity::kSev3);
}

TEST_F(AssessTest, OneMailboxIsNotAllOfThem) {
  const Attempt letter{.check = "alpha/trip", .leg = Leg::kDelivery};
  const Verdict verdict = Assess("mbox:p@alpha", FailureClass::kSmtpMailboxFullPerm, letter);
  EXPECT_EQ(verdict.severity, Severity::kSev3);
}

TEST_F(AssessTest, ALocalFaultIsOfNoProviderAndLosesNothing) {
  const Verdict verdict = Assess("agent:eu", FailureClass::kTcpTimeout, {});
  EXPECT_EQ(verdict.level, VerdictLevel::kLocal);
  EXPECT_EQ(verdict.severity, Severity::kSev4);
  EXPECT_EQ(verdict.mail_loss, MailLoss::kNone);
  EXPECT_EQ(verdict.provider, "");
}

TEST_F(AssessTest, TheFiguresOfTheDecisionAreKept) {
  Suspect suspect{.id = s_.Id("svc:alpha/imap"), .kind = Kind::kService};
  suspect.failures.push_back(s_.Fails({.ended = 100}, FailureClass::kTcpRefused));
  suspect.gain = 20;
  suspect.bounded = 15;
  suspect.odds = 8;
  suspect.fit = {.share = 0.9, .reach = 0.5, .since = 100, .agents = 6, .against = 2};
  s_.Meet("us", -7200);  // nothing was heard of it since
  const VerdictEvidence evidence = MakeVerdict(suspect, s_.At(105), false).evidence;
  EXPECT_EQ(evidence.gain, 20);
  EXPECT_EQ(evidence.bounded, 15);
  EXPECT_EQ(evidence.odds, 8);
  EXPECT_EQ(evidence.share, 0.9);
  EXPECT_EQ(evidence.reach, 0.5);
  EXPECT_EQ(evidence.looked, 6);
  EXPECT_EQ(evidence.against, 2);
  EXPECT_EQ(evidence.masked, (std::map<std::string, std::string>{{"us", "silent"}}));
}

TEST_F(AssessTest, ASingleVantageIsNotSure) {
  guarded_ = true;
  EXPECT_EQ(Assess("svc:alpha/imap", FailureClass::kTcpRefused, {}).confidence, 0.6);
}

}  // namespace
}  // namespace postwatch::collector
