// Outages as they happened elsewhere, beside those that tests/scenarios/signatures tells: other
// shapes of them.
#include <gtest/gtest.h>

#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

// Agents enough for some of them to see something that others do not.
TimelineOptions Fleet() {
  return {.agents = {{"eu", {"eu", "as-eu"}},
                     {"us", {"us", "as-us"}},
                     {"ap", {"ap", "as-ap"}},
                     {"sa", {"sa", "as-sa"}},
                     {"af", {"af", "as-af"}},
                     {"me", {"me", "as-me"}}}};
}

TEST(OutageTest, NameServersOfOneDomainDown) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/", FailureClass::kDnsTimeout).From(60);
  t.Play(150);
  ASSERT_EQ(t.Pages(), "zone:alpha") << t.log();
  EXPECT_EQ(t.Find("zone:alpha").verdict.severity, Severity::kSev2);
  EXPECT_EQ(t.Find("zone:alpha").verdict.mail_loss, MailLoss::kQueued);
}

// What is wrong with a policy is no outage of the zone that holds it, and is told all the same.
TEST(OutageTest, AMistakeInWhatIsPublishedIsToldApartFromTheZone) {
  for (const auto& [kind, klass, severity, loss] :
       std::vector<std::tuple<std::string, FailureClass, Severity, MailLoss>>{
           {"dns.mtasts", FailureClass::kMtastsMxMismatch, Severity::kSev2, MailLoss::kQueued},
           {"dns.records", FailureClass::kDnsDrift, Severity::kSev3, MailLoss::kNone},
           {"dns.tlsa", FailureClass::kTlsDaneMismatch, Severity::kSev2, MailLoss::kQueued}}) {
    Timeline t(Fleet());
    t.Watch("alpha");
    t.WatchRecords("alpha", kind);
    t.Fails(Concat("alpha/", kind), klass).From(60).To(300);
    t.Play(900);
    const std::string blamed = Concat("published:alpha/", kind);
    ASSERT_EQ(t.Pages(), blamed) << t.log();
    EXPECT_LE(t.page_times().at(0), 200) << t.log();
    EXPECT_EQ(t.Find(blamed).verdict.severity, severity) << t.log();
    EXPECT_EQ(t.Find(blamed).verdict.mail_loss, loss);
    EXPECT_EQ(t.Open(), "") << t.log();
  }
}

TEST(OutageTest, AZoneThatIsGoneIsOneIncidentWhateverAsksForIt) {
  Timeline t(Fleet());
  t.Watch("alpha");
  for (const char* kind : {"dns.spf", "dns.dmarc", "dns.delegation"}) t.WatchRecords("alpha", kind);
  t.Fails("alpha/", FailureClass::kDnsNxdomain).From(60);
  t.Play(300);
  EXPECT_EQ(t.Pages(), "zone:alpha") << t.log();
}

TEST(OutageTest, CertificateExpiredOnSomeFrontEnds) {
  Timeline t(Fleet());
  t.Watch("alpha");
  for (const char* check : {"alpha/imap", "alpha/smtp.submit", "alpha/roundtrip"}) {
    t.Fails(check, FailureClass::kTlsCertExpired).From(60).Every(2);
  }
  t.Play(200);
  ASSERT_EQ(t.Pages(), "cert:mail.alpha") << t.log();
  EXPECT_LE(t.page_times().at(0), 80);
}

TEST(OutageTest, GreylistingOfNewAgentsPagesNobody) {
  for (const FailureClass klass :
       {FailureClass::kSmtpGreylisted, FailureClass::kSmtpUnclassified4xx}) {
    Timeline t;
    t.Watch("alpha");
    t.Fails("alpha/smtp.mx", klass).From(0).To(360);
    t.Play(500);
    EXPECT_EQ(t.Pages(), "") << t.log();
  }
}

// Then nobody is left to tell a blocked port from a provider that is down.
TEST(OutageTest, Port25BlockedForTheWholeFleetPagesNobody) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("witness", FailureClass::kAgentPort25Blocked).From(55);
  for (const char* check : {"alpha/smtp.mx", "beta/smtp.mx"}) {
    t.Fails(check, FailureClass::kTcpTimeout).From(60);
  }
  t.Play(400);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

TEST(OutageTest, AnAgentThatIsResetIsItsOwnTrouble) {
  Timeline t(Fleet());
  t.Watch("alpha");
  t.Watch("beta");
  t.Fails("alpha/imap", FailureClass::kTcpReset).From(60).At({"eu"});
  t.Fails("alpha/roundtrip", FailureClass::kTcpReset).From(60).At({"eu"});
  t.Play(400);
  EXPECT_EQ(t.Pages(), "") << t.log();
}

}  // namespace
}  // namespace postwatch::collector
