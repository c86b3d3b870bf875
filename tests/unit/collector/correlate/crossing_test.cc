#include "collector/correlate/crossing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

using ::testing::Contains;
using ::testing::Not;

std::vector<std::string> Names(const Sighting& sighting) {
  std::vector<std::string> names;
  for (const ComponentRef& c : CrossedBy(sighting)) names.push_back(c.Text());
  return names;
}

Sighting RoundTrip() {
  Sighting sighting{
      .vantage = {.agent = "eu", .region = "eu", .network = "as1", .resolver = "10.0.0.1:53"},
      .provider = "alpha",
      .leg = Leg::kDelivery};
  sighting.observation.check_id = "alpha.test/roundtrip";
  sighting.observation.kind = "roundtrip";
  sighting.observation.target = "alpha.test";
  sighting.observation.touched = {{"svc", "alpha/submission"}, {"site", "192.0.2.1"},
                                  {"cert", "smtp.alpha.test"}, {"acct", "probe@alpha.test"},
                                  {"svc", "alpha/imap"},       {"site", "192.0.2.2"}};
  return sighting;
}

void Fail(Sighting& sighting, FailureClass klass) {
  sighting.observation.outcome = Outcome::kFail;
  sighting.observation.failure = Failure{.klass = klass, .step = "connect"};
}

TEST(CrossingTest, APassSpeaksForAllItCrossed) {
  const std::vector<std::string> names = Names(RoundTrip());
  for (const char* name :
       {"agent:eu", "isp:as1", "path:as1>alpha", "provider:alpha", "svc:alpha/submission",
        "svc:alpha/imap", "site:192.0.2.1", "site:192.0.2.2", "queue:alpha", "auth:alpha",
        "mbox:probe@alpha.test"}) {
    EXPECT_THAT(names, Contains(name));
  }
}

TEST(CrossingTest, AFailureAccusesOnlyWhatWasInUse) {
  Sighting sighting = RoundTrip();
  Fail(sighting, FailureClass::kTcpRefused);
  const std::vector<std::string> names = Names(sighting);
  EXPECT_THAT(names, Contains("svc:alpha/imap"));
  EXPECT_THAT(names, Contains("site:192.0.2.2"));
  EXPECT_THAT(names, Not(Contains("svc:alpha/submission")));
  EXPECT_THAT(names, Not(Contains("site:192.0.2.1")));
}

TEST(CrossingTest, AHostThatServesBothProtocolsStaysAccused) {
  Sighting sighting = RoundTrip();
  sighting.observation.touched.pop_back();
  Fail(sighting, FailureClass::kTcpRefused);
  EXPECT_THAT(Names(sighting), Contains("site:192.0.2.1"));
}

TEST(CrossingTest, WhatTheProbeDidNotDeclareFollowsFromTheCheck) {
  Sighting sighting = RoundTrip();
  sighting.observation.touched.clear();
  sighting.observation.kind = "imap.access";
  sighting.leg = Leg::kAccess;
  Fail(sighting, FailureClass::kImapAuthFailed);
  const std::vector<std::string> names = Names(sighting);
  EXPECT_THAT(names, Contains("svc:alpha/imap"));
  EXPECT_THAT(names, Contains("auth:alpha"));
}

TEST(CrossingTest, AFailedLookupAccusesZoneAndResolver) {
  Sighting sighting = RoundTrip();
  sighting.observation.touched.clear();
  sighting.leg = Leg::kInbound;
  Fail(sighting, FailureClass::kDnsServfail);
  const std::vector<std::string> names = Names(sighting);
  EXPECT_THAT(names, Contains("zone:alpha.test"));
  EXPECT_THAT(names, Contains("resolver:10.0.0.1:53"));
}

TEST(CrossingTest, ATargetWithoutProviderIsItsOwn) {
  Sighting sighting = RoundTrip();
  sighting.provider.clear();
  EXPECT_EQ(ProviderOf(sighting), "alpha.test");
  EXPECT_THAT(Names(sighting), Contains("provider:alpha.test"));
}

TEST(CrossingTest, WhatADomainSaysIsApartFromWhetherItsZoneWorks) {
  Sighting sighting{.vantage = {.agent = "eu", .network = "as1"}, .provider = "alpha"};
  sighting.leg = Leg::kDns;
  sighting.observation.kind = "dns.mtasts";
  sighting.observation.target = "alpha.test";
  EXPECT_THAT(Names(sighting), Contains("published:alpha.test/dns.mtasts"));
  Fail(sighting, FailureClass::kMtastsMxMismatch);
  EXPECT_THAT(Names(sighting), Contains("published:alpha.test/dns.mtasts"));
  sighting.observation.kind = "dns.mx";
  EXPECT_THAT(Names(sighting), Not(Contains("published:alpha.test/dns.mx")));
  sighting.leg = Leg::kRegistration;
  sighting.observation.kind = "reg.rdap";
  EXPECT_THAT(Names(sighting), Contains("published:alpha.test/reg.rdap"));
}

TEST(CrossingTest, AnAcceptedRecipientSpeaksForItsMailbox) {
  Sighting sighting = RoundTrip();
  sighting.observation.touched.clear();
  sighting.leg = Leg::kInbound;
  EXPECT_THAT(Names(sighting), Contains("mbox:alpha.test"));
  Fail(sighting, FailureClass::kTcpRefused);
  EXPECT_THAT(Names(sighting), Not(Contains("mbox:alpha.test")));
  Fail(sighting, FailureClass::kSmtpMailboxUnknownPerm);
  EXPECT_THAT(Names(sighting), Contains("mbox:alpha.test"));
}

TEST(CrossingTest, AnAuthenticatedSubmissionSaysNothingAboutTheStandingOfTheAddress) {
  Sighting sighting = RoundTrip();
  EXPECT_THAT(Names(sighting), Not(Contains("listed:eu@alpha")));
  Fail(sighting, FailureClass::kSmtpBlocklistedPerm);
  EXPECT_THAT(Names(sighting), Contains("listed:eu@alpha"));
  sighting.leg = Leg::kInbound;
  sighting.observation.outcome = Outcome::kPass;
  sighting.observation.failure.reset();
  EXPECT_THAT(Names(sighting), Contains("listed:eu@alpha"));
}

}  // namespace
}  // namespace postwatch::collector
