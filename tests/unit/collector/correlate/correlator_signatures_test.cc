// Outages as they happened elsewhere, S-01 to S-28 of the domain notes: who is blamed, how grave it
// is, and who is not paged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Ge;
using ::testing::Le;

// Agents enough for some of them to see something that others do not.
TimelineOptions Fleet() {
  return {.agents = {{"eu", {"eu", "as-eu"}},
                     {"us", {"us", "as-us"}},
                     {"ap", {"ap", "as-ap"}},
                     {"sa", {"sa", "as-sa"}},
                     {"af", {"af", "as-af"}},
                     {"me", {"me", "as-me"}}}};
}

void FailMail(Timeline& t, const std::string& provider, FailureClass klass, double from,
              double to = 1e9, const std::set<std::string>& agents = {}) {
  for (const char* check : {"/smtp", "/imap", "/roundtrip"}) {
    t.Fails(provider + check, klass).From(from).To(to).At(agents);
  }
}

void FailLogins(Timeline& t, FailureClass imap, FailureClass smtp, double from) {
  t.Fails("alpha/imap", imap).From(from);
  t.Fails("alpha/smtp.submit", smtp).From(from);
  t.Fails("alpha/roundtrip", smtp).From(from);
}

TEST(OutageTest, S01FalsePermanentRejects) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Fails("alpha/smtp.mx", FailureClass::kSmtpMailboxUnknownPerm).From(60).Every(2);
  t.Play(200);
  ASSERT_EQ(t.Pages(), "svc:alpha/smtp") << t.log();
  EXPECT_EQ(t.Find("svc:alpha/smtp").verdict.severity, Severity::kSev1);
  EXPECT_EQ(t.Find("svc:alpha/smtp").verdict.mail_loss, MailLoss::kRejected);
}

TEST(OutageTest, S02AuthenticationBackendDown) {
  Timeline t;
  t.Watch("alpha");
  FailLogins(t, FailureClass::kImapAuthBackend, FailureClass::kSmtpAuthTemp, 60);
  t.Play(200);
  ASSERT_EQ(t.Pages(), "auth:alpha") << t.log();
  EXPECT_EQ(t.Find("auth:alpha").verdict.severity, Severity::kSev2);
  EXPECT_EQ(t.Find("auth:alpha").verdict.level, VerdictLevel::kReal);
}

TEST(OutageTest, S03ProviderOffTheNet) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  FailMail(t, "alpha", FailureClass::kTcpTimeout, 60);
  t.Play(150);
  ASSERT_EQ(t.Pages(), "provider:alpha") << t.log();
  EXPECT_EQ(t.Find("provider:alpha").verdict.severity, Severity::kSev1);
  EXPECT_EQ(t.Find("provider:alpha").verdict.mail_loss, MailLoss::kQueued);
}

TEST(OutageTest, S04SomeNetworksCannotReachIt) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  FailMail(t, "alpha", FailureClass::kTcpTimeout, 60, 1e9, {"eu", "us"});
  t.Play(400);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

TEST(OutageTest, S05WavesOfAnAttackAreOneIncident) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  for (double wave = 60; wave < 2000; wave += 400) {
    FailMail(t, "alpha", FailureClass::kTcpTimeout, wave, wave + 150);
  }
  t.Play(2200);
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
  EXPECT_EQ(t.Find("provider:alpha").verdict.severity, Severity::kSev1);
}

TEST(OutageTest, S06NameServersOfADomainDown) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/", FailureClass::kDnsTimeout).From(60);
  t.Play(150);
  ASSERT_EQ(t.Pages(), "zone:alpha") << t.log();
  EXPECT_EQ(t.Find("zone:alpha").verdict.severity, Severity::kSev2);
  EXPECT_EQ(t.Find("zone:alpha").verdict.mail_loss, MailLoss::kQueued);
}

TEST(OutageTest, S07PublicResolverDownPagesNobody) {
  TimelineOptions options = Fleet();
  for (const char* agent : {"eu", "us", "ap"}) options.resolvers[agent] = "192.0.2.53:53";
  Timeline t(options);
  t.Watch("alpha");
  t.Watch("beta");
  t.Watch("gamma");
  for (const char* target : {"alpha/", "beta/", "gamma/"}) {
    t.Fails(target, FailureClass::kDnsTimeout).From(60).At({"eu", "us", "ap"});
  }
  t.Play(400);
  EXPECT_EQ(t.Pages(), "") << t.log();
  EXPECT_EQ(t.Open(), "resolver:192.0.2.53:53") << t.log();
}

TEST(OutageTest, S08BrokenDnssec) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/", FailureClass::kDnsDnssecBogus).From(60).At({"eu", "us", "ap"});
  t.Play(150);
  ASSERT_EQ(t.Pages(), "zone:alpha") << t.log();
  EXPECT_LE(t.page_times().at(0), 75);
  EXPECT_EQ(t.Find("zone:alpha").verdict.klass, FailureClass::kDnsDnssecBogus);
}

TEST(OutageTest, S09DomainGone) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/", FailureClass::kDnsNxdomain).From(60);
  t.Play(150);
  ASSERT_EQ(t.Pages(), "zone:alpha") << t.log();
  EXPECT_LE(t.page_times().at(0), 75);
  EXPECT_EQ(t.Find("zone:alpha").verdict.severity, Severity::kSev1);
  EXPECT_EQ(t.Find("zone:alpha").verdict.mail_loss, MailLoss::kRejected);
}

TEST(OutageTest, S10MxRecordsChangedByMistake) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/dns.mx", FailureClass::kDnsMxMismatch).From(60);
  t.Play(150);
  ASSERT_EQ(t.Pages(), "zone:alpha") << t.log();
  EXPECT_LE(t.page_times().at(0), 75);
  EXPECT_EQ(t.Find("zone:alpha").verdict.severity, Severity::kSev1);
}

TEST(OutageTest, S12OwnAddressOnABlocklist) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/smtp.mx", FailureClass::kSmtpBlocklistedPerm).From(60).At({"eu"});
  t.Play(300);
  ASSERT_EQ(t.Pages(), "listed:eu@alpha") << t.log();
  EXPECT_EQ(t.Find("listed:eu@alpha").verdict.severity, Severity::kSev4);
}

TEST(OutageTest, S13BlocklistThatListsEverybody) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/smtp.mx", FailureClass::kSmtpBlocklistedPerm).From(60);
  t.Play(200);
  ASSERT_EQ(t.Pages(), "svc:alpha/smtp") << t.log();
  EXPECT_EQ(t.Find("svc:alpha/smtp").verdict.severity, Severity::kSev1);
}

TEST(OutageTest, S14CertificateExpiredOnSomeFrontEnds) {
  Timeline t(Fleet());
  t.Watch("alpha");
  for (const char* check : {"alpha/imap", "alpha/smtp.submit", "alpha/roundtrip"}) {
    t.Fails(check, FailureClass::kTlsCertExpired).From(60).Every(2);
  }
  t.Play(200);
  ASSERT_EQ(t.Pages(), "cert:mail.alpha") << t.log();
  EXPECT_LE(t.page_times().at(0), 80);
}

TEST(OutageTest, S15OldTrustStoreOfAnAgentIsItsOwn) {
  Timeline t;
  t.Watch("alpha");
  t.Watch("beta");
  for (const char* check : {"alpha/imap", "alpha/smtp", "beta/imap", "beta/smtp"}) {
    t.Fails(check, FailureClass::kTlsUntrustedRoot).From(60).At({"eu", "us"});
  }
  t.Fails("witness", FailureClass::kAgentTrustStoreStale).From(55).At({"eu", "us"});
  t.Play(300);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

TEST(OutageTest, S16QueueStalls) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/roundtrip", FailureClass::kDeliveryDelayed).From(60);
  t.Play(300);
  ASSERT_EQ(t.Pages(), "queue:alpha") << t.log();
  EXPECT_EQ(t.Find("queue:alpha").verdict.severity, Severity::kSev2);
  EXPECT_EQ(t.Find("queue:alpha").verdict.mail_loss, MailLoss::kQueued);
}

TEST(OutageTest, S17MailboxFull) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/roundtrip", FailureClass::kSmtpMailboxFullPerm).From(60);
  t.Play(200);
  ASSERT_EQ(t.Pages(), "mbox:probe@alpha") << t.log();
  EXPECT_EQ(t.Find("mbox:probe@alpha").verdict.severity, Severity::kSev3);
}

TEST(OutageTest, S18GreylistingOfNewAgentsPagesNobody) {
  for (const FailureClass klass :
       {FailureClass::kSmtpGreylisted, FailureClass::kSmtpUnclassified4xx}) {
    Timeline t;
    t.Watch("alpha");
    t.Fails("alpha/smtp.mx", klass).From(0).To(360);
    t.Play(500);
    EXPECT_EQ(t.Pages(), "") << t.log();
  }
}

TEST(OutageTest, S19PasswordsAreNoLongerTaken) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/smtp.submit", FailureClass::kSmtpAuthMethod).From(60).To(600).Every(4);
  t.Fails("alpha/smtp.submit", FailureClass::kSmtpAuthMethod).From(600);
  t.Fails("alpha/roundtrip", FailureClass::kSmtpAuthMethod).From(600);
  t.Play(800);
  EXPECT_EQ(t.page_times().size(), 1u) << t.log();
  EXPECT_THAT(t.Pages(), AnyOf("acct:probe@alpha", "auth:alpha")) << t.log();
}

TEST(OutageTest, S20PlatformGoneForHoursIsOnePage) {
  TimelineOptions options = Fleet();
  options.interval = 60;
  Timeline t(options);
  t.Watch("alpha");
  FailMail(t, "alpha", FailureClass::kTcpRefused, 600);
  t.Play(4 * 3600);
  EXPECT_EQ(t.Pages(), "provider:alpha") << t.log();
  EXPECT_EQ(t.Open(), "provider:alpha");
  EXPECT_EQ(t.Find("provider:alpha").verdict.severity, Severity::kSev1);
}

TEST(OutageTest, S21AccessOnlyIsNotLostMail) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kImapServerError).From(60).To(400);
  t.Fails("alpha/roundtrip", FailureClass::kDeliveryLost).From(60).To(400);
  t.Play(600);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.Find("svc:alpha/imap").verdict.mail_loss, MailLoss::kNone);
}

TEST(OutageTest, S22LocalTroubleOfAnAgentOrARegionPagesNobody) {
  TimelineOptions options = Fleet();
  options.agents["eu-2"] = {"eu", "as-eu"};
  Timeline t(options);
  t.Watch("alpha");
  t.Watch("beta");
  t.Watch("gamma");
  t.Fails("", FailureClass::kTcpTimeout).From(60).To(400).At({"eu", "eu-2"});
  t.Fails("witness", FailureClass::kAgentNoNetwork).From(60).To(400).At({"eu", "eu-2"});
  for (const char* target : {"alpha/", "beta/", "gamma/"}) {
    t.Fails(target, FailureClass::kTcpTimeout).From(600).To(900).At({"us"});
  }
  t.Play(1200);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

TEST(OutageTest, S23BlockedPort25PagesNobody) {
  for (const std::set<std::string>& cloud :
       {std::set<std::string>{"eu", "us", "ap"}, {"eu", "us", "ap", "sa", "af", "me"}}) {
    Timeline t(Fleet());
    t.Watch("alpha");
    t.Watch("beta");
    t.Fails("witness", FailureClass::kAgentPort25Blocked).From(55).At(cloud);
    for (const char* check : {"alpha/smtp.mx", "beta/smtp.mx"}) {
      t.Fails(check, FailureClass::kTcpTimeout).From(60).At(cloud);
    }
    t.Play(400);
    EXPECT_EQ(t.Pages(), "") << t.log();
  }
}

TEST(OutageTest, S25DaneBrokenByAChange) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/smtp.mx", FailureClass::kTlsDaneMismatch).From(60);
  t.Play(150);
  ASSERT_EQ(t.Pages(), "cert:mx1.alpha") << t.log();
  EXPECT_LE(t.page_times().at(0), 75);
}

TEST(OutageTest, S27OurOwnAgentIsThrottledOrBanned) {
  for (const FailureClass klass : {FailureClass::kImapTooManyConnections, FailureClass::kTcpTimeout,
                                   FailureClass::kTcpReset}) {
    Timeline t(Fleet());
    t.Watch("alpha");
    t.Watch("beta");
    t.Fails("alpha/imap", klass).From(60).At({"eu"});
    t.Fails("alpha/roundtrip", klass).From(60).At({"eu"});
    t.Play(400);
    EXPECT_EQ(t.Pages(), "") << t.log();
  }
}

TEST(OutageTest, S28StoreCorrupted) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kImapStoreCorruption).From(60);
  t.Play(200);
  EXPECT_EQ(t.page_times().size(), 1u) << t.log();
  EXPECT_THAT(t.Pages(), AnyOf("svc:alpha/imap", "mbox:probe@alpha"));
  EXPECT_EQ(t.Find(t.Pages()).verdict.mail_loss, MailLoss::kAtRisk);
}

}  // namespace
}  // namespace postwatch::collector
