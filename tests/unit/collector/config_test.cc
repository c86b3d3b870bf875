#include "collector/config.h"

#include <gtest/gtest.h>

#include <set>

#include "collector/config_files.h"
#include "collector/plan.h"
#include "common/base/text.h"
#include "common/config/yaml_file.h"

namespace postwatch::collector {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kMinimal =
    "tls: {ca: ca.pem, cert: c.pem, key: c.key}\n"
    "targets: [{domain: alpha.test}]\n";

absl::StatusOr<CollectorConfig> Read(std::string_view text) {
  const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const absl::StatusOr<Settings> root = ParseYaml(text, "c.yaml", none);
  if (!root.ok()) return root.status();
  Mistakes mistakes;
  CollectorConfig config = ReadCollectorConfig(*root, mistakes);
  absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return config;
}

Lines Mistaken(std::string_view text) {
  const absl::StatusOr<CollectorConfig> config = Read(text);
  if (config.ok()) return {};
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  Lines lines;
  for (const std::string_view line : Split(FromAbsl(config.status().message()), '\n')) {
    lines.emplace_back(line);
  }
  return lines;
}

// What is wrong with one more piece of YAML after the minimum, which takes two lines.
Lines MistakenAfterMinimum(std::string_view more) { return Mistaken(Concat(kMinimal, more)); }

TEST(CollectorConfig, WhereAStandbyReachesIt) {
  const auto advertised = [](const std::string& listen) {
    const absl::StatusOr<CollectorConfig> config = Read(Concat(kMinimal, "listen: {", listen, "}"));
    return config.ok() ? config->http_advertise : std::string(FromAbsl(config.status().message()));
  };
  EXPECT_EQ(advertised("http: '192.0.2.1:80'"), "192.0.2.1:80");
  EXPECT_EQ(advertised("http: '0.0.0.0:80'"), "");
  EXPECT_EQ(advertised("http: '0.0.0.0:80', advertise: 192.0.2.2"), "192.0.2.2:80");
  EXPECT_EQ(advertised("http: '[::]:80', advertise: '2001:db8::1'"), "[2001:db8::1]:80");
  EXPECT_EQ(advertised("http: '[::]:80', advertise: '[2001:db8::1]:8080'"), "[2001:db8::1]:8080");
  EXPECT_NE(advertised("advertise: pw.example.net").find("is not an address"), std::string::npos);
}

TEST(CollectorConfig, TheMinimumHasItsDefaults) {
  const absl::StatusOr<CollectorConfig> config = Read(kMinimal);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc_listen, "0.0.0.0:7443");
  EXPECT_EQ(config->http_listen, "127.0.0.1:7480");
  EXPECT_EQ(config->external_url, "http://127.0.0.1:7480");
  EXPECT_EQ(config->tls_ca, "ca.pem");
  EXPECT_EQ(config->tls_cert, "c.pem");
  EXPECT_EQ(config->tls_key, "c.key");
  EXPECT_EQ(config->store, "sqlite:collector.db");
  EXPECT_EQ(config->retention, absl::Hours(720));
  EXPECT_EQ(config->summary_retention, absl::Hours(9480));
  EXPECT_EQ(config->incident_retention, absl::InfiniteDuration());
  EXPECT_EQ(config->agent_silent_after, absl::Seconds(30));
  EXPECT_EQ(config->round_trip_floor, absl::Seconds(60));
  EXPECT_EQ(config->reminder_every, absl::Minutes(30));
  EXPECT_EQ(config->witness, Settings());
  EXPECT_EQ(config->defaults, Settings());
  ASSERT_EQ(config->targets.size(), 1u);
  EXPECT_EQ(config->targets[0].domain, "alpha.test");
  EXPECT_EQ(config->targets[0].provider, "alpha.test");
  EXPECT_EQ(config->targets[0].mailbox, Settings());
  ASSERT_EQ(config->sinks.size(), 1u);
  EXPECT_EQ(config->sinks[0].type, "log");
  EXPECT_EQ(config->sinks[0].name, "log");
}

TEST(CollectorConfig, ItsNamesAreThoseListedAndExternalUrls) {
  const auto config = Read(Concat(kMinimal, "listen: {hosts: [collector, pw.lan]}\n",
                                  "external_url: https://PW.test:8443/board\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->http_hosts, (Lines{"collector", "pw.lan", "pw.test"}));
  for (const char* bad : {"'pw.lan:7480'", "Collector", "'*'", "'http://pw.lan'"}) {
    EXPECT_EQ(MistakenAfterMinimum(Concat("listen: {hosts: [", bad, "]}\n")).size(), 1u) << bad;
  }
}

TEST(CollectorConfig, EveryKeyIsRead) {
  const absl::StatusOr<CollectorConfig> config = Read(
      "listen: {grpc: '[::1]:7000', http: 'localhost:0'}\n"
      "external_url: https://pw.test\n"
      "tls: {ca: a, cert: b, key: c}\n"
      "store: 'sqlite:x'\n"
      "store_password: {file: /run/secrets/database}\n"
      "retention: 48h\n"
      "agent_silent_after: 10s\n"
      "round_trip_floor: 5s\n"
      "witness: {interval: 7s}\n"
      "defaults: {dns.mx: {interval: 9s}}\n"
      "targets:\n"
      "  - {domain: Alpha.Test, provider: own, mailbox: {address: p@alpha.test}, checks: {dns.mx: "
      "{enabled: false}}}\n"
      "alerting:\n"
      "  reminder_every: 2m\n"
      "  sinks: [{type: log}, {type: webhook, name: people, url: 'http://h'}]\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc_listen, "[::1]:7000");
  EXPECT_EQ(config->http_listen, "localhost:0");
  EXPECT_EQ(config->external_url, "https://pw.test");
  EXPECT_EQ(config->store, "sqlite:x");
  EXPECT_EQ(config->store_password.file, "/run/secrets/database");
  EXPECT_EQ(config->retention, absl::Hours(48));
  EXPECT_EQ(config->agent_silent_after, absl::Seconds(10));
  EXPECT_EQ(config->round_trip_floor, absl::Seconds(5));
  EXPECT_EQ(config->reminder_every, absl::Minutes(2));
  EXPECT_EQ(config->witness.Find("interval")->scalar(), "7s");
  EXPECT_EQ(config->defaults.Find("dns.mx")->Find("interval")->scalar(), "9s");
  const TargetConfig& target = config->targets.at(0);
  EXPECT_EQ(target.domain, "alpha.test");
  EXPECT_EQ(target.provider, "own");
  EXPECT_EQ(target.mailbox.Find("address")->scalar(), "p@alpha.test");
  EXPECT_EQ(target.checks.Find("dns.mx")->Find("enabled")->scalar(), "false");
  ASSERT_EQ(config->sinks.size(), 2u);
  EXPECT_EQ(config->sinks[0].name, "log");
  EXPECT_EQ(config->sinks[1].type, "webhook");
  EXPECT_EQ(config->sinks[1].name, "people");
  EXPECT_EQ(config->sinks[1].settings.entries().size(), 1u);  // name and type are taken out
  EXPECT_EQ(config->sinks[1].settings.Find("url")->scalar(), "http://h");
  EXPECT_EQ(config->sinks[1].settings.origin(), "c.yaml:15");
}

TEST(CollectorConfig, EnrolmentAndRevocationsAreReadWhereTheyStand) {
  const auto without = Read(kMinimal);
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_FALSE(without->enrolment.has_value());
  EXPECT_EQ(without->tls_crl, "");
  const auto with = Read(
      "tls: {ca: a, cert: b, key: c, crl: d}\n"
      "enrolment: {ca_cert: e, ca_key: f, lifetime: 24h}\n"
      "targets: [{domain: alpha.test}]\n");
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->tls_crl, "d");
  EXPECT_EQ(with->enrolment->ca_cert, "e");
  EXPECT_EQ(with->enrolment->ca_key, "f");
  EXPECT_EQ(with->enrolment->lifetime, absl::Hours(24));
  const auto usual = Read(Concat(kMinimal, "enrolment: {ca_cert: e, ca_key: f}\n"));
  EXPECT_EQ(usual->enrolment->lifetime, absl::Hours(720));
  EXPECT_EQ(MistakenAfterMinimum("enrolment: {}\n").size(), 2u);
  EXPECT_EQ(Read(Concat(kMinimal, "enrolment: {ca_cert: e, ca_key: f, lifetime: 30s}\n"))
                ->enrolment->lifetime,
            absl::Seconds(30));
  EXPECT_EQ(MistakenAfterMinimum("enrolment: {ca_cert: e, ca_key: f, lifetime: 29s}\n").size(), 1u);
  EXPECT_EQ(MistakenAfterMinimum("enrolment: {ca_cert: e, ca_key: f, tokens: []}\n").size(), 1u);
}

TEST(CollectorConfig, TheFleetsKeyIsASecretsPlace) {
  EXPECT_EQ(Read(kMinimal)->fleet_key.file, "");
  EXPECT_EQ(Read(Concat(kMinimal, "fleet_key: {file: k}\n"))->fleet_key.file, "k");
  EXPECT_EQ(Read(Concat(kMinimal, "fleet_key: {env: K}\n"))->fleet_key.env, "K");
  EXPECT_EQ(MistakenAfterMinimum("fleet_key: secret\n").size(), 1u);
}

TEST(CollectorConfig, TheExampleLoadsAndSaysWhatItShows) {
  const absl::StatusOr<CollectorConfig> config =
      LoadCollectorConfig(Concat(POSTWATCH_TESTDATA, "/../../docs/examples/collector.yaml"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->external_url, "https://postwatch.example.net");
  EXPECT_EQ(config->store, "sqlite:/var/lib/postwatch-collector/collector.db");
  ASSERT_EQ(config->targets.size(), 2u);
  EXPECT_EQ(config->targets[1].provider, "example-mail");
  EXPECT_EQ(config->sinks.size(), 3u);
  Mistakes mistakes;
  const FleetPlan plan = MakePlan(*config, mistakes);
  ASSERT_TRUE(mistakes.empty()) << mistakes.ToStatus();
  std::set<std::string> checks;
  for (const CheckSpec& check : plan.checks) checks.insert(check.id);
  for (const char* planned :
       {"witness", "example.org/dns.mx", "example.org/smtp.mx", "example.com/dns.mx",
        "example.com/smtp.submit", "example.com/roundtrip"}) {
    EXPECT_TRUE(checks.contains(planned)) << planned;
  }
  // One has no mailbox, the other turns this off.
  EXPECT_FALSE(checks.contains("example.org/roundtrip"));
  EXPECT_FALSE(checks.contains("example.com/imap.access"));
}

TEST(CollectorConfig, RetentionIsOneDurationOrThree) {
  const absl::StatusOr<CollectorConfig> three =
      Read(Concat(kMinimal, "retention: {observations: 48h, summaries: 96h, incidents: 26280h}\n"));
  ASSERT_TRUE(three.ok()) << three.status();
  EXPECT_EQ(three->retention, absl::Hours(48));
  EXPECT_EQ(three->summary_retention, absl::Hours(96));
  EXPECT_EQ(three->incident_retention, absl::Hours(26280));
  const absl::StatusOr<CollectorConfig> long_alone = Read(Concat(kMinimal, "retention: 10000h\n"));
  ASSERT_TRUE(long_alone.ok()) << long_alone.status();
  EXPECT_EQ(long_alone->retention, absl::Hours(10000));
  EXPECT_EQ(long_alone->summary_retention, absl::Hours(10000));
  EXPECT_EQ(Read(Concat(kMinimal, "retention: {incidents: inf}\n"))->retention, absl::Hours(720));
}

TEST(CollectorConfig, MistakesOfRetentionAreNamed) {
  const auto told = [](std::string_view retention) {
    const Lines lines = MistakenAfterMinimum(Concat("retention: ", retention, "\n"));
    return lines.size() == 1 ? lines[0].substr(lines[0].find(' ') + 1) : Concat(lines.size());
  };
  EXPECT_EQ(told("{observations: 960h, summaries: 720h}"),
            "retention.summaries: is shorter than what observations themselves are kept");
  EXPECT_EQ(told("{incidents: 1h}"), "retention.incidents: 1h is not between 24h and inf");
  EXPECT_EQ(told("{raw: 1h}"), "retention.raw: is not a known key");
  EXPECT_EQ(told("[720h]"), "retention: must be a map of keys, but is a list");
}

TEST(CollectorConfig, AllMistakesAreToldAtOnceWithTheirLines) {
  EXPECT_EQ(Mistaken("listen: {grpc: 7443, htp: x}\n"
                     "external_url: pw.test\n"
                     "tls: {ca: '', cert: b}\n"
                     "retention: 30d\n"
                     "agent_silent_after: 1s\n"
                     "witness: on\n"
                     "targets:\n"
                     "  - {domain: 'alpha test'}\n"
                     "  - {domain: beta.test, provider: 'B & Co', mailboxes: {}}\n"
                     "  - {domain: BETA.test}\n"
                     "alerting: {reminder: 5m, sinks: [{name: x}, {type: log, name: A}]}\n"
                     "round_trip_flor: 1s\n"),
            (Lines{"c.yaml:1: listen.grpc: '7443' is not ip:port, such as 0.0.0.0:7443",
                   "c.yaml:1: listen.htp: is not a known key",
                   "c.yaml:3: tls.ca: must not be empty", "c.yaml:3: tls.key: is missing",
                   "c.yaml:2: external_url: must start with https:// or http://",
                   "c.yaml:4: retention: '30d' is not a duration such as 250ms, 30s, 5m or 1h30m",
                   "c.yaml:5: agent_silent_after: 1s is not between 5s and 1h",
                   "c.yaml:6: witness: must be a map of keys",
                   "c.yaml:8: targets[0].domain: 'alpha test' is not a domain name",
                   "c.yaml:9: targets[1].provider: must be lower-case letters, digits, '.', '-' "
                   "and '_', at most 63",
                   "c.yaml:9: targets[1].mailboxes: is not a known key",
                   "c.yaml:10: targets[2].domain: 'beta.test' is listed twice, first in c.yaml:9",
                   "c.yaml:11: alerting.sinks[0].type: is missing",
                   "c.yaml:11: alerting.sinks[1].name: must be lower-case letters, digits, '.', "
                   "'-' and '_', at most 63",
                   "c.yaml:11: alerting.reminder: is not a known key",
                   "c.yaml:12: round_trip_flor: is not a known key"}));
}

TEST(CollectorConfig, AnEmptyFileSaysWhatIsNeeded) {
  const Lines lines = Mistaken("");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("tls: is missing: agents and collector know each other"), lines[0].npos);
  EXPECT_NE(lines[1].find("targets: must name at least one domain to watch"), lines[1].npos);
}

TEST(CollectorConfig, AnExternalUrlHasAHost) {
  EXPECT_EQ(MistakenAfterMinimum("external_url: https:///board\n"),
            Lines{"c.yaml:3: external_url: names no host, or a port that is none"});
  EXPECT_EQ(MistakenAfterMinimum("external_url: 'https://pw.test/a b'\n"),
            Lines{"c.yaml:3: external_url: must not hold spaces or control characters"});
}

TEST(CollectorConfig, RefusesWhatIsNoDomain) {
  const std::string label(63, 'a');
  const auto complains = [](const std::string& domain) {
    return !Mistaken(Concat("tls: {ca: a, cert: b, key: c}\ntargets: [{provider: p, domain: '",
                            domain, "'}]\n"))
                .empty();
  };
  EXPECT_FALSE(complains("xn--mnchen-3ya.example"));
  EXPECT_FALSE(complains(Concat(label, ".", label, ".", label, ".test")));
  for (const std::string& bad :
       {std::string("localhost"), std::string("a..test"), std::string(".test"),
        std::string("a.test."), Concat(label, "a.test"),
        Concat(label, ".", label, ".", label, ".", label.substr(14)), std::string("a@b.test"),
        std::string("m\xc3\xbcnchen.test"), std::string("a.test/x"), std::string("")}) {
    EXPECT_TRUE(complains(bad)) << bad;
  }
}

TEST(CollectorConfig, ALongDomainNeedsAProviderOfItsOwn) {
  const std::string domain = Concat(std::string(60, 'a'), ".test");
  EXPECT_EQ(Mistaken(Concat("tls: {ca: a, cert: b, key: c}\ntargets: [{domain: ", domain, "}]\n")),
            Lines{"c.yaml:2: targets[0].provider: is missing: the domain is too long to be its "
                  "provider's name too"});
}

TEST(CollectorConfig, WhatShouldBeAMapAndIsNotIsNotOverlooked) {
  EXPECT_EQ(Mistaken("tls: {ca: a, cert: b, key: c}\n"
                     "defaults: [dns.mx]\n"
                     "targets:\n"
                     "  - {domain: a.test, mailbox: p@a.test}\n"
                     "  - {domain: b.test, checks: [dns.mx]}\n"
                     "  - domain: c.test\n"
                     "    mailbox:\n"
                     "  - d.test\n"),
            (Lines{"c.yaml:2: defaults: must be a map of keys",
                   "c.yaml:4: targets[0].mailbox: must be a map of keys",
                   "c.yaml:5: targets[1].checks: must be a map of keys",
                   "c.yaml:7: targets[2].mailbox: is empty: give address and password, or leave it "
                   "out",
                   "c.yaml:8: targets[3]: must be a map of keys, but is a single value",
                   "c.yaml:8: targets[3].domain: is missing"}));
  EXPECT_EQ(MistakenAfterMinimum("defaults:\nwitness:\nalerting:\nlisten:\n"), Lines{});
}

TEST(CollectorConfig, ASecretIsNamedAndNeverWritten) {
  const Lines lines = Mistaken(
      "tls: {ca: a, cert: b, key: c}\n"
      "defaults: {roundtrip: {receive_from: {password: hunter2}}}\n"
      "targets:\n"
      "  - domain: a.test\n"
      "    mailbox: {address: p@a.test, password: hunter3}\n"
      "  - domain: b.test\n"
      "    mailbox: {address: p@b.test, oauth2: {client_secret: hunter4}, password: {file: /x}}\n"
      "    checks: {imap.access: {mailbox: {refresh_token: hunter5}}}\n");
  const std::string what =
      ": must be a reference, {file: PATH} or {env: NAME}, never the secret itself";
  EXPECT_EQ(lines,
            (Lines{Concat("c.yaml:2: defaults.roundtrip.receive_from.password", what),
                   Concat("c.yaml:5: targets[0].mailbox.password", what),
                   Concat("c.yaml:7: targets[1].mailbox.oauth2.client_secret", what),
                   Concat("c.yaml:8: targets[1].checks.imap.access.mailbox.refresh_token", what)}));
}

TEST(CollectorConfig, SinksHaveNamesOfTheirOwn) {
  EXPECT_EQ(MistakenAfterMinimum("alerting: {sinks: [{type: log}, {type: webhook, name: log}]}\n"),
            Lines{"c.yaml:3: alerting.sinks[1].name: 'log' is used twice, first in c.yaml:3"});
  EXPECT_EQ(MistakenAfterMinimum("alerting: {sinks: [{type: log, name: {}}, log, {}]}\n"),
            (Lines{"c.yaml:3: alerting.sinks[0].name: must be a single value, but is a map",
                   "c.yaml:3: alerting.sinks[1]: must be a map of keys, but is a single value",
                   "c.yaml:3: alerting.sinks[1].type: is missing",
                   "c.yaml:3: alerting.sinks[2].type: is missing"}));
}

TEST(CollectorConfig, ListenAddressesAreChecked) {
  const auto complains = [](const std::string& address) {
    return !MistakenAfterMinimum(Concat("listen: {http: '", address, "'}\n")).empty();
  };
  EXPECT_FALSE(complains("[::]:7480"));
  EXPECT_FALSE(complains("0.0.0.0:0"));
  for (const char* bad : {"", "7480", ":7480", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                          "127.0.0.1:-1", "::1:7480", "127.0.0.1:http"}) {
    EXPECT_TRUE(complains(bad)) << bad;
  }
}

TEST(CollectorConfig, ARevisionIsAName) {
  EXPECT_EQ(Read(Concat(kMinimal, "revision: v1.2-3-g0a1b2c3\n"))->revision, "v1.2-3-g0a1b2c3");
  EXPECT_EQ(Read(kMinimal)->revision, "");
  EXPECT_EQ(Read(Concat(kMinimal, "revision_file: REVISION\n"))->revision_file, "REVISION");
  EXPECT_EQ(MistakenAfterMinimum("revision: 'two words'\n"),
            Lines{"c.yaml:3: revision: must be 1 to 128 letters, digits and -._+/:@"});
  EXPECT_EQ(MistakenAfterMinimum("revision: ''\n").size(), 1u);
  EXPECT_EQ(MistakenAfterMinimum(Concat("revision: ", std::string(129, 'a'), "\n")).size(), 1u);
  EXPECT_EQ(MistakenAfterMinimum("revision: a\nrevision_file: b\n"),
            Lines{"c.yaml:4: revision_file: stands beside revision; give one of them"});
}

}  // namespace
}  // namespace postwatch::collector
