// Timelines of faults of the service: one fault, one incident, one page, the right name.
#include "collector/correlate/correlator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Le;
using ::testing::StartsWith;

TEST(CorrelatorTest, QuietFleetSaysNothing) {
  Timeline t;
  t.Watch("alpha");
  t.Play(120);
  EXPECT_EQ(t.log(), "");
  EXPECT_EQ(t.confirmations(), 0u);
}

TEST(CorrelatorTest, DovecotDownIsOneIncidentOfImap) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap.access", FailureClass::kTcpRefused).From(60).To(180);
  t.Fails("alpha/roundtrip", FailureClass::kTcpRefused).From(60).To(180);
  t.Play(170);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
  EXPECT_THAT(t.page_times().at(0), AllOf(Ge(85), Le(95)));
  const Incident& incident = t.Find("svc:alpha/imap");
  EXPECT_EQ(incident.verdict.leg, Leg::kAccess);
  EXPECT_EQ(incident.verdict.klass, FailureClass::kTcpRefused);
  EXPECT_EQ(incident.verdict.severity, Severity::kSev2);
  EXPECT_EQ(incident.verdict.mail_loss, MailLoss::kNone);
  EXPECT_EQ(incident.verdict.provider, "alpha");
  EXPECT_EQ(incident.verdict.evidence.agents, (std::vector<std::string>{"ap", "eu", "us"}));
  EXPECT_THAT(incident.verdict.explanation,
              AllOf(StartsWith("IMAP at alpha fails: "),
                    HasSubstr("(tcp_refused), seen from 3 of 3 regions (ap, eu, us) since"),
                    HasSubstr("New mail is accepted and kept; people cannot read it until")));
  EXPECT_GT(incident.verdict.confidence, 0.9);
  t.Play(300);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  const Incident& over = t.Find("svc:alpha/imap");
  EXPECT_GE(over.started, t.TimeOf(59));
  EXPECT_LE(over.started, t.TimeOf(70));
  EXPECT_GE(*over.ended, t.TimeOf(179));
  EXPECT_LE(*over.ended, t.TimeOf(192));
}

TEST(CorrelatorTest, AlertsWithoutConfirmationsAfterAWhile) {
  Timeline t({.answers = false});
  t.Watch("alpha");
  t.Fails("alpha/imap.access", FailureClass::kTcpRefused).From(60);
  t.Play(120);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_THAT(t.page_times().at(0), AllOf(Ge(80), Le(105)));
}

TEST(CorrelatorTest, ProviderDownIsOneIncident) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  for (const char* check : {"alpha/smtp", "alpha/imap", "alpha/roundtrip"}) {
    t.Fails(check, FailureClass::kTcpTimeout).From(60).To(200);
  }
  t.Play(190);
  EXPECT_EQ(t.Open(), "provider:alpha") << t.log();
  EXPECT_EQ(t.page_times().size(), 1u) << t.log();
  const Incident& incident = t.Find("provider:alpha");
  EXPECT_EQ(incident.verdict.severity, Severity::kSev1);
  EXPECT_EQ(incident.verdict.mail_loss, MailLoss::kQueued);
  t.Play(320);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.page_times().size(), 1u) << t.log();
}

// The services of a provider fail one after the other: the incident grows and keeps its identity.
TEST(CorrelatorTest, GrowingOutageKeepsItsIdentity) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(60).To(600);
  t.Fails("alpha/smtp", FailureClass::kTcpTimeout).From(260).To(600);
  t.Play(200);
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  const std::string id = t.Find("svc:alpha/imap").id;
  t.Play(330);
  EXPECT_EQ(t.Open(), "provider:alpha") << t.log();
  EXPECT_EQ(t.Find("provider:alpha").id, id);
}

// What is remembered of the whole keeps it together for a while.
TEST(CorrelatorTest, ShrinkingOutageIsNarrowed) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpTimeout).From(60);
  t.Fails("alpha/smtp", FailureClass::kTcpTimeout).From(60).To(200);
  t.Play(190);
  const std::string id = t.Find("provider:alpha").id;
  t.Play(1500);
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.Find("svc:alpha/imap").id, id);
  EXPECT_EQ(t.Pages(), "provider:alpha");
}

TEST(CorrelatorTest, ExpiredCertificateIsNamed) {
  Timeline t;
  t.Watch("alpha");
  for (const char* check : {"alpha/imap", "alpha/smtp.submit", "alpha/roundtrip"}) {
    t.Fails(check, FailureClass::kTlsCertExpired).From(60);
  }
  t.Play(150);
  EXPECT_EQ(t.Pages(), "cert:mail.alpha") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
  EXPECT_THAT(t.page_times().at(0), AllOf(Ge(60), Le(75)));
}

TEST(CorrelatorTest, ZoneServfailIsOneIncidentOfTheZone) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/", FailureClass::kDnsServfail).From(60);
  t.Play(150);
  EXPECT_EQ(t.Pages(), "zone:alpha") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
  EXPECT_EQ(t.Find("zone:alpha").verdict.leg, Leg::kDns);
  EXPECT_EQ(t.Find("zone:alpha").verdict.mail_loss, MailLoss::kQueued);
}

TEST(CorrelatorTest, OneMailboxFullIsNoOutageOfTheProvider) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/roundtrip", FailureClass::kSmtpMailboxFullPerm).From(60);
  t.Play(200);
  EXPECT_EQ(t.Pages(), "mbox:probe@alpha") << t.log();
  EXPECT_EQ(t.Find("mbox:probe@alpha").verdict.severity, Severity::kSev3);
}

TEST(CorrelatorTest, RejectedLoginsBlameTheOnlyAccountAndNameTheAlternative) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kImapAuthFailed).From(60);
  t.Fails("alpha/smtp.submit", FailureClass::kSmtpAuthFailed).From(60);
  t.Fails("alpha/roundtrip", FailureClass::kSmtpAuthFailed).From(60);
  t.Play(150);
  EXPECT_EQ(t.Pages(), "acct:probe@alpha") << t.log();
  const Verdict& verdict = t.Find("acct:probe@alpha").verdict;
  ASSERT_FALSE(verdict.alternatives.empty());
  EXPECT_EQ(verdict.alternatives[0].component.Text(), "auth:alpha");
  EXPECT_EQ(verdict.alternatives[0].deciding, "the login of a second account at alpha");
}

TEST(CorrelatorTest, HeldDeliveryBlamesTheQueue) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/roundtrip", FailureClass::kDeliveryDelayed).From(60);
  t.Play(200);
  EXPECT_EQ(t.Pages(), "queue:alpha") << t.log();
  EXPECT_EQ(t.Find("queue:alpha").verdict.mail_loss, MailLoss::kQueued);
  EXPECT_EQ(t.Find("queue:alpha").verdict.leg, Leg::kDelivery);
}

TEST(CorrelatorTest, LettersMissingDuringAnAccessOutageAreNotASecondIncident) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(180);
  t.Fails("alpha/roundtrip", FailureClass::kDeliveryLost).From(60).To(200);
  t.Play(350);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
  EXPECT_EQ(t.Open(), "");
}

TEST(CorrelatorTest, KnownUsersRejectedForGoodIsSevereAtOnce) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/smtp.mx", FailureClass::kSmtpMailboxUnknownPerm).From(60);
  t.Play(120);
  EXPECT_EQ(t.Pages(), "svc:alpha/smtp") << t.log();
  EXPECT_EQ(t.Find("svc:alpha/smtp").verdict.severity, Severity::kSev1);
  EXPECT_EQ(t.Find("svc:alpha/smtp").verdict.mail_loss, MailLoss::kRejected);
  // It might be the only MX host just as well.
  EXPECT_THAT(t.page_times().at(0), AllOf(Ge(85), Le(95)));
}

TEST(CorrelatorTest, SmtpDownInBothRolesIsOneIncident) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/smtp", FailureClass::kTcpRefused).From(60);
  t.Play(150);
  EXPECT_EQ(t.page_times().size(), 1u) << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
}

// One host answers for submission, IMAP and the MX; what speaks SMTP stops, IMAP goes on.
TEST(CorrelatorTest, PostfixStoppedOnASharedHostIsOneIncidentOfSmtp) {
  Timeline t({.interval = 5, .one_host = true});
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/smtp", FailureClass::kTcpRefused).From(60).To(120);
  t.Play(118);
  EXPECT_EQ(t.page_times().size(), 1u) << t.log();
  EXPECT_THAT(t.Pages(), AnyOf("svc:alpha/submission", "svc:alpha/smtp")) << t.log();
  const Verdict verdict = t.Find(t.Pages()).verdict;
  EXPECT_GT(verdict.confidence, 0.45);
  for (const Alternative& rival : verdict.alternatives) {
    EXPECT_NE(rival.component.Text(), "provider:alpha");
  }
  t.Play(300);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
}

// The last failures of one part are still to be run again when the other passes.
TEST(CorrelatorTest, RecoveryOfOnePartOpensNothingForTheOther) {
  for (double lag : {1.0, 2.0, 3.0, 4.0, 6.0}) {
    Timeline t({.interval = 5, .one_host = true});
    t.Watch("alpha");
    t.Fails("alpha/smtp.submit", FailureClass::kTcpRefused).From(60).To(90);
    t.Fails("alpha/smtp.mx", FailureClass::kTcpRefused).From(60).To(90 + lag);
    t.Play(300);
    EXPECT_EQ(t.page_times().size(), 1u) << lag << "\n" << t.log();
    EXPECT_EQ(t.incident_count(), 1u) << lag << "\n" << t.log();
    EXPECT_EQ(t.Open(), "");
  }
}

TEST(CorrelatorTest, BlipThatNamesNoCauseDoesNotPage) {
  for (const FailureClass klass :
       {FailureClass::kTcpRefused, FailureClass::kTcpReset, FailureClass::kTcpTimeout}) {
    for (const double lasts : {2.5, 5.0, 12.0, 20.0}) {
      Timeline t({.interval = 5, .prompt = true});
      t.Watch("alpha");
      t.Fails("alpha/", klass).From(67.5).To(67.5 + lasts);
      t.Play(200);
      EXPECT_EQ(t.Pages(), "") << lasts << "\n" << t.log();
      EXPECT_GT(t.confirmations(), 0u);
    }
  }
}

TEST(CorrelatorTest, BlipIsQuietWithSlowChecksAndAFaultIsNot) {
  for (const bool lasts : {false, true}) {
    Timeline t({.interval = 60});
    t.Watch("alpha");
    t.Fails("alpha/imap", FailureClass::kTcpRefused).From(126).To(lasts ? 300 : 130);
    t.Play(250);
    EXPECT_EQ(t.Pages(), lasts ? "svc:alpha/imap" : "") << t.log();
    EXPECT_GT(t.confirmations(), 0u);
  }
}

TEST(CorrelatorTest, HardFaultPagesAsSoonAsItIsNoBlip) {
  Timeline t({.interval = 5, .prompt = true});
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60);
  t.Play(100);
  ASSERT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_THAT(t.page_times().at(0), AllOf(Ge(85), Le(92)));
}

TEST(CorrelatorTest, FaultThatNamesItsCausePagesWithinSeconds) {
  Timeline t({.interval = 5, .prompt = true});
  t.Watch("alpha");
  for (const char* check : {"alpha/imap", "alpha/smtp.submit", "alpha/roundtrip"}) {
    t.Fails(check, FailureClass::kTlsCertExpired).From(60);
  }
  t.Play(100);
  ASSERT_EQ(t.Pages(), "cert:mail.alpha") << t.log();
  EXPECT_LE(t.page_times().at(0), 66);
}

TEST(CorrelatorTest, ResolvedIncidentTellsTheFaultAsItWas) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(120);
  t.Fails("alpha/roundtrip", FailureClass::kTcpRefused).From(60).To(120);
  t.Play(200);
  const Incident& incident = t.Find("svc:alpha/imap");
  ASSERT_EQ(incident.state, IncidentState::kResolved) << t.log();
  EXPECT_THAT(incident.verdict.explanation, HasSubstr("seen from 3 of 3 regions (ap, eu, us)"));
  for (const ScopeRow& row : incident.verdict.scope) EXPECT_EQ(row.failing, 1) << row.region;
  EXPECT_THAT(incident.verdict.evidence.classes, Contains(Key("tcp_refused")));
  EXPECT_THAT(incident.history.back().text, StartsWith("resolved: passes again"));
}

TEST(CorrelatorTest, LettersMissingInEveryMailboxAccuseTheQueueWithConfidence) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/roundtrip", FailureClass::kDeliveryLost).From(60);
  t.Play(200);
  EXPECT_EQ(t.Pages(), "queue:alpha") << t.log();
  EXPECT_GT(t.Find("queue:alpha").verdict.confidence, 0.7);
}

TEST(CorrelatorTest, TwoFaultsAreTwoIncidents) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(1000);
  t.Fails("beta/smtp.mx", FailureClass::kSmtpServerTemp).From(1030);
  t.Play(1120);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap, svc:beta/smtp") << t.log();
}

TEST(CorrelatorTest, IntermittentFaultIsFound) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kImapServerError).From(60).Every(2);
  t.Play(400);
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
}

TEST(CorrelatorTest, SingleVantagePagesWithReserve) {
  Timeline t({.agents = {{"here", {"local", "local"}}}});
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(180);
  t.Play(150);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  const Verdict& verdict = t.Find("svc:alpha/imap").verdict;
  EXPECT_LE(verdict.confidence, 0.6);
  EXPECT_THAT(verdict.explanation, HasSubstr("Single vantage, path not excluded"));
  t.Play(300);
  EXPECT_EQ(t.Open(), "") << t.log();
}

TEST(CorrelatorTest, SingleVantageWithoutNetworkDoesNotPage) {
  Timeline t({.agents = {{"here", {"local", "local"}}}});
  t.Watch("alpha");
  t.Fails("alpha/", FailureClass::kTcpTimeout).From(60).To(180);
  t.Fails("witness", FailureClass::kAgentNoNetwork).From(60).To(180);
  t.Play(300);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Quiet(), "agent:here");
}

TEST(CorrelatorTest, CheckTakenOutOfThePlanIsForgotten) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).At({"eu"});
  t.Play(61);
  t.correlator().SetPlan({});
  EXPECT_TRUE(t.correlator().Tick(t.TimeOf(62)).confirmations.empty());
}

}  // namespace
}  // namespace postwatch::collector
