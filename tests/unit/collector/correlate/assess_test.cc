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

// A letter that goes round in circles comes back to its sender in the end.
TEST_F(AssessTest, ALoopRejectsLetters) {
  const Attempt letter{.check = "alpha/trip", .leg = Leg::kDelivery};
  const Verdict verdict = Assess("queue:alpha", FailureClass::kSmtpLoop, letter);
  EXPECT_EQ(verdict.mail_loss, MailLoss::kRejected);
  EXPECT_EQ(verdict.severity, Severity::kSev1);
}

// Unlike a name that is not there, a signature that is wrong is asked for again.
TEST_F(AssessTest, ABogusSignatureKeepsLettersWaiting) {
  const Attempt names{.check = "alpha/dns", .leg = Leg::kDns};
  EXPECT_EQ(Assess("zone:alpha", FailureClass::kDnsDnssecBogus, names).mail_loss,
            MailLoss::kQueued);
  EXPECT_EQ(Assess("zone:beta", FailureClass::kDnsNxdomain, names).mail_loss, MailLoss::kRejected);
}

TEST_F(AssessTest, LettersThatComeTwiceAreANuisance) {
  const Attempt letter{.check = "alpha/trip", .leg = Leg::kDelivery};
  const Verdict verdict = Assess("queue:alpha", FailureClass::kDuplicate, letter);
  EXPECT_EQ(verdict.severity, Severity::kSev4);
  EXPECT_EQ(verdict.mail_loss, MailLoss::kNone);
  EXPECT_EQ(verdict.level, VerdictLevel::kReal);
}

TEST_F(AssessTest, WhoCannotSendButReadIsToldSo) {
  const Attempt submission{.check = "alpha/submit", .leg = Leg::kSubmission};
  const Verdict verdict = Assess("cert:mail.alpha", FailureClass::kTlsCertExpired, submission);
  EXPECT_EQ(verdict.leg, Leg::kSubmission);
  EXPECT_EQ(verdict.mail_loss, MailLoss::kAccessible);
}

TEST_F(AssessTest, WhereMailboxesDoNotOpenEitherNothingIsAccessible) {
  Suspect suspect{.id = s_.Id("cert:mail.alpha"), .kind = Kind::kCertificate};
  const auto fail = [&](double ended, const char* check, Leg leg) {
    suspect.failures.push_back(
        s_.Fails({.ended = ended, .check = check, .leg = leg, .touched = {"cert:mail.alpha"}},
                 FailureClass::kTlsCertExpired));
  };
  fail(100, "alpha/submit", Leg::kSubmission);
  fail(110, "alpha/submit", Leg::kSubmission);
  EXPECT_EQ(MakeVerdict(suspect, s_.At(120), false).mail_loss, MailLoss::kAccessible);
  fail(115, "alpha/imap", Leg::kAccess);
  const Verdict verdict = MakeVerdict(suspect, s_.At(120), false);
  EXPECT_EQ(verdict.leg, Leg::kSubmission);
  EXPECT_EQ(verdict.mail_loss, MailLoss::kNone);
}

class SiblingTest : public ::testing::Test {
 protected:
  void Fails(double ended, const std::string& agent) {
    suspect_.failures.push_back(
        s_.Fails({.ended = ended, .agent = agent, .touched = {"site:one"}, .alone = true},
                 FailureClass::kTcpTimeout));
  }

  void Passes(double ended, const std::string& agent, const std::string& site) {
    s_.Passes({.ended = ended, .agent = agent, .touched = {site}, .alone = true});
    if (site == "site:one") ++suspect_.passes;
  }

  Severity Now(double now) { return MakeVerdict(suspect_, s_.At(now), false).severity; }

  Scene s_;
  Suspect suspect_{.id = s_.Id("site:one"), .kind = Kind::kSite, .fit = {.share = 0.95}};
};

TEST_F(SiblingTest, AFrontEndBesideOneThatServesIsLess) {
  for (const std::string& agent : kAgents) Fails(100, agent);
  EXPECT_EQ(Now(105), Severity::kSev2);  // nobody has tried another one yet
  for (const std::string& agent : kAgents) Passes(110, agent, "site:two");
  EXPECT_EQ(Now(115), Severity::kSev3);
}

// With addresses that take turns the latest run of most may have failed just now.
TEST_F(SiblingTest, WhatPassedInBetweenWasServedElsewhere) {
  for (double t = 100; t < 140; t += 20) {
    for (const std::string& agent : kAgents) Fails(t, agent);
    for (const std::string& agent : kAgents) Passes(t + 10, agent, "site:two");
  }
  for (const std::string& agent : kAgents) Fails(140, agent);
  EXPECT_EQ(Now(141), Severity::kSev3);
}

TEST_F(SiblingTest, WhoFailsAgainAndAgainHasNoOther) {
  for (double t = 100; t < 140; t += 20) {
    for (const std::string& agent : kAgents) Fails(t, agent);
  }
  EXPECT_EQ(Now(141), Severity::kSev2);
  Passes(150, "eu", "site:two");
  EXPECT_EQ(Now(151), Severity::kSev2);  // two of three still have not
}

TEST_F(SiblingTest, AFrontEndThatServesNowAndThenIsNoSiblingOfItself) {
  for (const std::string& agent : kAgents) Fails(100, agent);
  for (const std::string& agent : kAgents) Passes(110, agent, "site:two");
  for (const std::string& agent : kAgents) Fails(120, agent);
  EXPECT_EQ(Now(121), Severity::kSev3);
  suspect_.fit.share = 0.6;  // of its own runs, so the rest passed there
  EXPECT_EQ(Now(121), Severity::kSev2);
}

}  // namespace
}  // namespace postwatch::collector
