#include "collector/scenario/scenario_writer.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/scenario/reading.h"

namespace postwatch::collector {
namespace {

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

std::vector<ComponentRef> Touched(const Sighting& sighting) { return sighting.observation.touched; }

FleetPlan Plan() {
  return {
      {{.id = "c.test/mx",
        .kind = "smtp.mx",
        .target = "c.test",
        .provider = "pr",
        .leg = Leg::kInbound,
        .interval = absl::Seconds(30)},
       {.id = "witness", .kind = "witness", .leg = Leg::kControl, .interval = absl::Seconds(15)}}};
}

Sighting Failed() {
  Sighting sighting{.vantage = {"a1", "eu", "z", "AS1", "192.0.2.1:53"},
                    .provider = "pr",
                    .leg = Leg::kSubmission,
                    .spool_id = "spool",
                    .sequence = 12,
                    .received = At(1000.25)};
  Observation& seen = sighting.observation;
  seen.id = "0123";
  seen.check_id = "c.test/submission";
  seen.kind = "smtp.submission";
  seen.target = "c.test";
  seen.started = At(999);
  seen.took = absl::Milliseconds(500);
  seen.outcome = Outcome::kFail;
  seen.failure = Failure{.klass = FailureClass::kSmtpAuthFailed, .step = "auth", .detail = "no"};
  seen.failure->reply = Reply{.code = 535, .text = "secret"};
  seen.run_request = "request";
  seen.amends = "0000";
  seen.touched = {{"agent", "a1"}, {"site", "2001:db8::1"}};
  return sighting;
}

TEST(ScenarioWriter, WritesEveryField) {
  ScenarioWriter writer(Touched);
  writer.Add(Failed());
  EXPECT_EQ(
      writer.Take(Plan()),
      "{\"type\":\"topology\",\"v\":1,\"interval_s\":30,\"agents\":[{\"id\":\"a1\","
      "\"region\":\"eu\",\"isp\":\"AS1\",\"resolver\":\"192.0.2.1:53\"}],\"providers\":[],"
      "\"domains\":[],\"anchors\":[],\"checks\":[{\"id\":\"c.test/mx\",\"kind\":\"smtp.mx\","
      "\"target\":\"c.test\",\"provider\":\"pr\",\"leg\":\"inbound\",\"interval_s\":30},"
      "{\"id\":\"witness\",\"kind\":\"witness\",\"leg\":\"control\",\"interval_s\":15}]}\n"
      "{\"type\":\"result\",\"recv\":1000.25,\"ts\":999.5,\"agent\":\"a1\",\"seq\":12,"
      "\"check\":\"smtp\",\"target\":\"c.test\",\"ms\":500,\"why\":\"confirm\","
      "\"outcome\":\"fail\",\"err\":\"auth\",\"id\":\"0123\",\"check_id\":\"c.test/submission\","
      "\"kind\":\"smtp.submission\",\"provider\":\"pr\",\"leg\":\"submission\","
      "\"spool\":\"spool\",\"amends\":\"0000\",\"class\":\"smtp_auth_failed\","
      "\"crossed\":[\"agent:a1\",\"site:2001:db8::1\"]}\n");
}

TEST(ScenarioWriter, IsReadBackAsItWas) {
  Sighting sighting = Failed();
  sighting.received = At(1795374000) + absl::Microseconds(123456);
  sighting.observation.started = At(1795373998) + absl::Microseconds(999999);
  ScenarioWriter writer(Touched);
  writer.Add(sighting);
  const std::string text = writer.Take(Plan());
  const std::vector<std::string_view> lines = Split(text, '\n');
  ASSERT_EQ(lines.size(), 3U);
  Reading in;
  ASSERT_EQ(in.Take(lines[0]), "");
  ASSERT_TRUE(in.reader.plan());
  EXPECT_EQ(in.reader.plan()->checks, Plan().checks);
  EXPECT_EQ(in.reader.interval(), absl::Seconds(30));
  ASSERT_EQ(in.Take(lines[1]), "");
  EXPECT_EQ(in.sighting().received, sighting.received);
  EXPECT_EQ(in.sighting().provider, sighting.provider);
  EXPECT_EQ(in.sighting().leg, sighting.leg);
  EXPECT_EQ(in.sighting().spool_id, sighting.spool_id);
  EXPECT_EQ(in.sighting().sequence, sighting.sequence);
  EXPECT_EQ(in.seen().started, sighting.observation.started);
  EXPECT_EQ(in.seen().took, sighting.observation.took);
  EXPECT_EQ(in.seen().id, sighting.observation.id);
  EXPECT_EQ(in.seen().check_id, sighting.observation.check_id);
  EXPECT_EQ(in.seen().amends, sighting.observation.amends);
  EXPECT_EQ(in.seen().touched, sighting.observation.touched);
  EXPECT_EQ(in.seen().failure->klass, FailureClass::kSmtpAuthFailed);
}

TEST(ScenarioWriter, LeavesOutWhatTestedNothing) {
  Sighting sighting = Failed();
  sighting.observation.outcome = Outcome::kNotTested;
  sighting.observation.failure.reset();
  ScenarioWriter writer(Touched);
  writer.Add(sighting);
  EXPECT_EQ(writer.Take({}),
            "{\"type\":\"topology\",\"v\":1,\"interval_s\":60,\"agents\":[],\"providers\":[],"
            "\"domains\":[],\"anchors\":[],\"checks\":[]}\n");
}

// The format's fields of the only result, between `from` and `to`.
std::string Fields(const Sighting& sighting, std::string_view from, std::string_view to) {
  ScenarioWriter writer(Touched);
  writer.Add(sighting);
  const std::string text = writer.Take({});
  const size_t begin = text.find(from, text.find('\n'));
  return text.substr(begin, text.find(to, begin) - begin);
}

TEST(ScenarioWriter, GivesEachCheckTheNearestName) {
  const std::vector<std::tuple<Leg, std::string, std::string>> cases = {
      {Leg::kControl, "witness", "anchor"},   {Leg::kDns, "dns.mx", "dns"},
      {Leg::kRegistration, "domain", "dns"},  {Leg::kInbound, "smtp.mx", "smtp"},
      {Leg::kSubmission, "smtp.sub", "smtp"}, {Leg::kAccess, "imap.login", "imap"},
      {Leg::kAccess, "pop3.login", "pop3"},   {Leg::kDelivery, "roundtrip", "rt"}};
  for (const auto& [leg, kind, check] : cases) {
    Sighting sighting = Failed();
    sighting.leg = leg;
    sighting.observation.kind = kind;
    EXPECT_EQ(Fields(sighting, "\"check\"", ",\"target\""), Concat("\"check\":\"", check, "\""));
  }
  Sighting control = Failed();
  control.observation.target = "";
  EXPECT_EQ(Fields(control, "\"target\"", ",\"ms\""), "\"target\":\"control\"");
}

TEST(ScenarioWriter, GivesEachFailureTheNearestName) {
  const std::vector<std::pair<FailureClass, std::string>> cases = {
      {FailureClass::kTcpTimeout, "timeout"},
      {FailureClass::kNetUnreachable, "timeout"},
      {FailureClass::kAgentNoNetwork, "timeout"},
      {FailureClass::kTcpRefused, "refused"},
      {FailureClass::kTcpReset, "reset"},
      {FailureClass::kConnClosedEarly, "reset"},
      {FailureClass::kDnsTimeout, "dns_timeout"},
      {FailureClass::kDnsNxdomain, "nxdomain"},
      {FailureClass::kDnsNodata, "nxdomain"},
      {FailureClass::kDnsDnssecBogus, "servfail"},
      {FailureClass::kTlsCertExpired, "tls_expired"},
      {FailureClass::kTlsNameMismatch, "tls_other"},
      {FailureClass::kSmtpAuthFailed, "auth"},
      {FailureClass::kOauthTokenEndpoint, "auth"},
      {FailureClass::kImapOverquota, "quota"},
      {FailureClass::kSmtpMailboxFullTemp, "quota"},
      {FailureClass::kSmtpBlocklistedPerm, "policy"},
      {FailureClass::kSmtpServerTemp, "temp4xx"},
      {FailureClass::kSmtpGreylisted, "temp4xx"},
      {FailureClass::kImapServerError, "temp4xx"},
      {FailureClass::kDeliveryLost, "not_delivered"},
      {FailureClass::kAuthResultFail, "not_delivered"},
  };
  for (const auto& [klass, error] : cases) {
    Sighting sighting = Failed();
    sighting.observation.failure->klass = klass;
    EXPECT_EQ(Fields(sighting, "\"err\"", ",\"id\""), Concat("\"err\":\"", error, "\""))
        << FailureClassName(klass);
  }
}

TEST(ScenarioWriter, EveryFailureIsReadBack) {
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    Sighting sighting = Failed();
    sighting.observation.failure->klass = entry.klass;
    ScenarioWriter writer(Touched);
    writer.Add(sighting);
    const std::string text = writer.Take({});
    Reading in;
    ASSERT_EQ(in.Take(Split(text, '\n')[0]), "");
    ASSERT_EQ(in.Take(Split(text, '\n')[1]), "") << entry.name;
    EXPECT_EQ(in.seen().failure->klass, entry.klass);
  }
}

}  // namespace
}  // namespace postwatch::collector
