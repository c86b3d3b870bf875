#include "collector/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "collector/ingest/assignment.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "common/config/yaml_file.h"

namespace postwatch::collector {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kTls = "tls: {ca: ca.pem, cert: c.pem, key: c.key}\n";

absl::StatusOr<FleetPlan> Plan(std::string_view text) {
  const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const absl::StatusOr<Settings> root = ParseYaml(Concat(kTls, text), "c.yaml", none);
  if (!root.ok()) return root.status();
  Mistakes mistakes;
  FleetPlan plan = MakePlan(ReadCollectorConfig(*root, mistakes), mistakes);
  absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return plan;
}

// The text starts on line 2.
Lines Mistaken(std::string_view text) {
  const absl::StatusOr<FleetPlan> plan = Plan(text);
  if (plan.ok()) return {};
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  Lines lines;
  for (const std::string_view line : Split(FromAbsl(plan.status().message()), '\n')) {
    lines.emplace_back(line);
  }
  return lines;
}

// "id interval timeout", one a check of these kinds: an example of each sort.
Lines Times(const absl::StatusOr<FleetPlan>& plan) {
  Lines lines;
  if (!plan.ok()) return {std::string(FromAbsl(plan.status().message()))};
  const Lines sorts = {"witness", "dns.mx", "smtp.mx", "smtp.submit", "imap.access", "roundtrip"};
  for (const CheckSpec& check : plan->checks) {
    if (std::ranges::find(sorts, check.kind) == sorts.end()) continue;
    lines.push_back(Concat(check.id, " ", absl::FormatDuration(check.interval), " ",
                           absl::FormatDuration(check.timeout)));
  }
  return lines;
}

CheckSpec Find(const absl::StatusOr<FleetPlan>& plan, std::string_view id) {
  EXPECT_TRUE(plan.ok()) << plan.status();
  if (plan.ok()) {
    for (const CheckSpec& check : plan->checks) {
      if (check.id == id) return check;
    }
  }
  ADD_FAILURE() << "no check " << id;
  return {};
}

constexpr std::string_view kWithMailbox =
    "targets: [{domain: alpha.test, provider: own, mailbox: {address: p@alpha.test, password: "
    "{env: "
    "P}}}]\n";

TEST(Plan, ADomainTurnsOnWhatNeedsNoCredentials) {
  EXPECT_EQ(Times(Plan("targets: [{domain: b.test}, {domain: a.test}]\n")),
            (Lines{"witness 30s 15s", "b.test/dns.mx 1m 20s", "b.test/smtp.mx 1m 1m",
                   "a.test/dns.mx 1m 20s", "a.test/smtp.mx 1m 1m"}));
}

TEST(Plan, EveryKindThatNeedsNothingToldIsPlanned) {
  Lines expected;
  for (const CheckKind& kind : CheckKinds()) {
    if (!kind.needs_mailbox && !kind.needs_settings) expected.emplace_back(kind.name);
  }
  const absl::StatusOr<FleetPlan> plan = Plan("targets: [{domain: a.test}]\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  Lines kinds;
  for (const CheckSpec& check : plan->checks) kinds.push_back(check.kind);
  EXPECT_EQ(kinds, expected);
}

TEST(Plan, AMailboxTurnsOnTheRestAndGoesOnlyToThoseWhoNeedIt) {
  const absl::StatusOr<FleetPlan> plan = Plan(kWithMailbox);
  EXPECT_EQ(Times(plan), (Lines{"witness 30s 15s", "alpha.test/dns.mx 1m 20s",
                                "alpha.test/smtp.mx 1m 1m", "alpha.test/smtp.submit 1m 1m",
                                "alpha.test/imap.access 1m 1m", "alpha.test/roundtrip 5m 2m"}));
  ASSERT_TRUE(plan.ok());
  for (const CheckSpec& check : plan->checks) {
    const bool needs = FindCheckKind(check.kind)->needs_mailbox;
    const Settings* mailbox = check.settings.Find("mailbox");
    EXPECT_EQ(mailbox != nullptr, needs) << check.id;
    if (mailbox == nullptr) continue;
    EXPECT_EQ(mailbox->Find("address")->scalar(), "p@alpha.test");
  }
}

TEST(Plan, AChecksKindTargetProviderAndLeg) {
  const absl::StatusOr<FleetPlan> plan = Plan(kWithMailbox);
  const CheckSpec roundtrip = Find(plan, "alpha.test/roundtrip");
  EXPECT_EQ(roundtrip.kind, "roundtrip");
  EXPECT_EQ(roundtrip.target, "alpha.test");
  EXPECT_EQ(roundtrip.provider, "own");
  EXPECT_EQ(roundtrip.leg, Leg::kDelivery);
  EXPECT_EQ(Find(plan, "alpha.test/dns.mx").leg, Leg::kDns);
  EXPECT_EQ(Find(plan, "alpha.test/smtp.mx").leg, Leg::kInbound);
  EXPECT_EQ(Find(plan, "alpha.test/smtp.submit").leg, Leg::kSubmission);
  EXPECT_EQ(Find(plan, "alpha.test/imap.access").leg, Leg::kAccess);
  const CheckSpec witness = Find(plan, "witness");
  EXPECT_EQ(witness.kind, "witness");
  EXPECT_EQ(witness.target, "");
  EXPECT_EQ(witness.provider, "");
  EXPECT_EQ(witness.leg, Leg::kControl);
}

TEST(Plan, ATargetsSettingsWinOverTheDefaultsKeyByKey) {
  const absl::StatusOr<FleetPlan> plan = Plan(
      "defaults: {dns.mx: {interval: 10s, private: allow, expect: [a.test]}}\n"
      "targets:\n"
      "  - {domain: alpha.test, checks: {dns.mx: {expect: [b.test], timeout: 3s}}}\n"
      "  - {domain: beta.test}\n");
  EXPECT_EQ(Times(plan)[1], "alpha.test/dns.mx 10s 3s");
  EXPECT_EQ(Times(plan)[3], "beta.test/dns.mx 10s 20s");
  const Settings own = Find(plan, "alpha.test/dns.mx").settings;
  EXPECT_EQ(own.entries().size(), 2u);  // the scheduler's keys are taken out
  EXPECT_EQ(own.Find("private")->scalar(), "allow");
  EXPECT_EQ(own.Find("expect")->items().at(0).scalar(), "b.test");
  EXPECT_EQ(own.origin(), "c.yaml:4");
  const Settings inherited = Find(plan, "beta.test/dns.mx").settings;
  EXPECT_EQ(inherited.Find("expect")->items().at(0).scalar(), "a.test");
  EXPECT_EQ(inherited.origin(), "c.yaml:2");
}

TEST(Plan, AKindMayBeTurnedOffEverywhereAndOnInOnePlace) {
  EXPECT_EQ(Times(Plan("defaults: {smtp.mx: {enabled: false}}\n"
                       "targets: [{domain: a.test}, {domain: b.test, checks: {dns.mx: {enabled: "
                       "false}, smtp.mx: {enabled: true}}}]\n")),
            (Lines{"witness 30s 15s", "a.test/dns.mx 1m 20s", "b.test/smtp.mx 1m 1m"}));
}

TEST(Plan, TheWitnessAsksNeutralPartiesUnlessTold) {
  const Settings usual = Find(Plan("targets: [{domain: a.test}]\n"), "witness").settings;
  Lines anchors;
  for (const Settings& anchor : usual.Find("anchors")->items()) anchors.push_back(anchor.scalar());
  EXPECT_EQ(anchors, (Lines{"1.1.1.1:443", "8.8.8.8:443", "9.9.9.9:443"}));
  EXPECT_EQ(usual.Find("zone")->scalar(), "iana.org");

  const CheckSpec told = Find(Plan("witness: {interval: 5s, anchors: ['192.0.2.1:443']}\n"
                                   "targets: [{domain: a.test}]\n"),
                              "witness");
  EXPECT_EQ(told.interval, absl::Seconds(5));
  EXPECT_EQ(told.settings.Find("anchors")->items().size(), 1u);
  EXPECT_EQ(told.settings.Find("zone")->scalar(), "iana.org");

  const CheckSpec zone =
      Find(Plan("witness: {zone: neutral.test}\ntargets: [{domain: a.test}]\n"), "witness");
  EXPECT_EQ(zone.settings.Find("zone")->scalar(), "neutral.test");
  EXPECT_EQ(zone.settings.Find("anchors")->items().size(), 3u);

  const CheckSpec no_zone =
      Find(Plan("witness: {zone: ''}\ntargets: [{domain: a.test}]\n"), "witness");
  EXPECT_EQ(no_zone.settings.Find("zone")->scalar(), "");
}

TEST(Plan, RoundTripsKeepToTheFloor) {
  const std::string what =
      "is below round_trip_floor (1m): providers take frequent probe mail for abuse";
  EXPECT_EQ(Mistaken("targets: [{domain: a.test, mailbox: {address: p@a.test, password: {env: P}}, "
                     "checks: {\n  roundtrip: {interval: 59s}}}]\n"),
            Lines{Concat("c.yaml:3: targets[0].checks.roundtrip.interval: ", what)});
  // Told once, where it is written.
  EXPECT_EQ(
      Mistaken("defaults: {roundtrip: {interval: 1s}}\n"
               "targets: [{domain: a.test, mailbox: {address: p@a.test, password: {env: P}}},\n"
               "  {domain: b.test, mailbox: {address: p@b.test, password: {env: P}}}]\n"),
      Lines{Concat("c.yaml:2: defaults.roundtrip.interval: ", what)});
  EXPECT_EQ(Times(Plan(Concat("defaults: {roundtrip: {interval: 1m}}\n", kWithMailbox))).back(),
            "alpha.test/roundtrip 1m 2m");
  EXPECT_EQ(Times(Plan(Concat("round_trip_floor: 20m\n", kWithMailbox))).back(),
            "alpha.test/roundtrip 20m 2m");
}

TEST(Plan, WhatProvidersCountIsSharedByTheFleet) {
  const absl::StatusOr<FleetPlan> plan = Plan(Concat(
      "defaults: {roundtrip: {interval: 5m}, imap.access: {fleet_gap: 20s}}\n", kWithMailbox));
  EXPECT_EQ(Find(plan, "alpha.test/roundtrip").fleet_gap, absl::Seconds(50));
  EXPECT_EQ(Find(plan, "alpha.test/imap.access").fleet_gap, absl::Seconds(20));
  EXPECT_EQ(Find(plan, "alpha.test/smtp.mx").fleet_gap, absl::Seconds(3));
  EXPECT_EQ(Find(plan, "alpha.test/dns.mx").fleet_gap, absl::ZeroDuration());
}

std::string UnknownKind() {
  Lines kinds;
  for (const CheckKind& kind : CheckKinds()) {
    if (kind.leg != Leg::kControl) kinds.emplace_back(kind.name);
  }
  return Concat(": is no check kind; there are ", Join(kinds, ", "));
}

std::string RouteOf(const CheckSpec& check) {
  const Settings* route = check.settings.Find("route");
  return route == nullptr ? "" : route->scalar();
}

TEST(Plan, LettersMayTakeSeveralWays) {
  const absl::StatusOr<FleetPlan> plan = Plan(
      "targets:\n"
      "  - domain: alpha.test\n"
      "    mailbox: {address: p@alpha.test, password: {env: P}}\n"
      "    checks:\n"
      "      roundtrip: {via: mx1.alpha.test}\n"
      "      roundtrip.second: {via: mx2.alpha.test, interval: 10m}\n"
      "      roundtrip.off: {enabled: false}\n"
      "  - domain: beta.test\n"
      "    mailbox: {address: p@beta.test, password: {env: P}}\n"
      "    checks:\n"
      "      roundtrip: {enabled: false}\n"
      "      roundtrip.b: {route: other}\n");
  const CheckSpec second = Find(plan, "alpha.test/roundtrip.second");
  EXPECT_EQ(second.kind, "roundtrip");
  EXPECT_EQ(second.interval, absl::Minutes(10));
  EXPECT_EQ(second.settings.Find("via")->scalar(), "mx2.alpha.test");
  EXPECT_NE(second.settings.Find("mailbox"), nullptr);
  EXPECT_EQ(RouteOf(second), "second");
  EXPECT_EQ(RouteOf(Find(plan, "alpha.test/roundtrip")), "");
  EXPECT_EQ(RouteOf(Find(plan, "beta.test/roundtrip.b")), "other");
  EXPECT_EQ(std::ranges::count(plan->checks, "roundtrip", &CheckSpec::kind), 3);
}

TEST(Plan, OnlyLettersTakeSeveralWays) {
  EXPECT_EQ(Mistaken("targets:\n"
                     "  - domain: a.test\n"
                     "    checks:\n"
                     "      dns.mx.second: {}\n"
                     "      roundtrip.: {}\n"
                     "      roundtrip.x: {}\n"),
            (Lines{Concat("c.yaml:5: targets[0].checks.dns.mx.second", UnknownKind()),
                   Concat("c.yaml:6: targets[0].checks.roundtrip.", UnknownKind()),
                   "c.yaml:7: targets[0].checks.roundtrip.x: needs a mailbox, and the target has "
                   "none"}));
}

TEST(Plan, AllMistakesAreToldAtOnceWithTheirLines) {
  EXPECT_EQ(Mistaken("defaults:\n"
                     "  dns.mx: {interval: 0s}\n"
                     "  dns: {}\n"
                     "witness: {timeout: 1h, enabled: false}\n"
                     "targets:\n"
                     "  - domain: a.test\n"
                     "    checks:\n"
                     "      smtp.mx: {interval: soon, enabled: maybe}\n"
                     "      dns.mx: false\n"
                     "      imap.access: {interval: 30s}\n"
                     "      imap: {}\n"),
            (Lines{Concat("c.yaml:4: defaults.dns", UnknownKind()),
                   "c.yaml:3: defaults.dns.mx.interval: 0s is not between 1s and 24h",
                   "c.yaml:5: witness.timeout: 1h is not between 100ms and 10m",
                   "c.yaml:5: witness.enabled: must not be false: without a witness, an agent's "
                   "own fault looks like an outage",
                   "c.yaml:10: targets[0].checks.dns.mx: must be a map of keys, but is a single "
                   "value",
                   Concat("c.yaml:12: targets[0].checks.imap", UnknownKind()),
                   "c.yaml:9: targets[0].checks.smtp.mx.enabled: 'maybe' is neither true nor "
                   "false",
                   "c.yaml:9: targets[0].checks.smtp.mx.interval: 'soon' is not a duration such "
                   "as 250ms, 30s, 5m or 1h30m",
                   "c.yaml:11: targets[0].checks.imap.access: needs a mailbox, and the target has "
                   "none"}));
}

TEST(Plan, AKindThatNeedsAMailboxMayBeTurnedOffWithoutOne) {
  EXPECT_EQ(Mistaken("targets: [{domain: a.test, checks: {imap.access: {enabled: false}}}]\n"),
            Lines{});
  EXPECT_EQ(Mistaken("defaults: {imap.access: {interval: 30s}}\ntargets: [{domain: a.test}]\n"),
            Lines{});
}

TEST(Plan, AKindThatNeedsSettingsIsForThoseWhoNameIt) {
  EXPECT_EQ(
      Mistaken("targets: [{domain: a.test, checks: {dns.records: {}}}]\n"),
      Lines{"c.yaml:2: targets[0].checks.dns.records.expect: is missing; it says which records "
            "there should be"});
  const absl::StatusOr<FleetPlan> plan = Plan(
      "targets:\n"
      "  - {domain: a.test, checks: {dns.records: {expect: [{type: MX, values: [10 m.test]}]}}}\n"
      "  - {domain: b.test}\n");
  EXPECT_EQ(Find(plan, "a.test/dns.records").interval, absl::Minutes(5));
  EXPECT_TRUE(std::ranges::none_of(
      plan->checks, [](const CheckSpec& check) { return check.id == "b.test/dns.records"; }));
}

TEST(Plan, IsNoLargerThanWhatAgentsTake) {
  const size_t each = Plan("targets: [{domain: a.test}]\n")->checks.size() - 1;  // the witness
  const size_t most = (kMaxAssignedChecks - 1) / each;
  CollectorConfig config;
  for (size_t i = 0; i < most; ++i) {
    TargetConfig target;
    target.domain = Concat("d", i, ".test");
    config.targets.push_back(std::move(target));
  }
  Mistakes mistakes;
  EXPECT_EQ(MakePlan(config, mistakes).checks.size(), most * each + 1);
  EXPECT_EQ(mistakes.lines(), Lines{});
  config.targets.push_back({.domain = "last.test"});
  MakePlan(config, mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{Concat("targets: make ", (most + 1) * each + 1,
                                           " checks, but agents take 50000 at most: watch fewer")});
}

TEST(Plan, AProbesOwnMistakesAreToldWhereTheyAreWritten) {
  EXPECT_EQ(
      Mistaken("witness: {anchors: [foo], zoned: x}\n"
               "defaults:\n"
               "  smtp.mx: {require_tls: maybe}\n"
               "  roundtrip: {slow_afte: 3s}\n"
               "targets:\n"
               "  - domain: a.test\n"
               "    checks:\n"
               "      dns.mx: {intervall: 3s}\n"
               "  - domain: b.test\n"
               "    mailbox:\n"
               "      address: p@b.test\n"
               "      pasword: {file: /p}\n"
               "      receive: {protocol: nntp, port: 99999}\n"
               "    checks:\n"
               "      smtp.mx: {enabled: false, host: 'mx:25'}\n"
               "      roundtrip: {to: x@c.test, receive_from: {address: q@b.test}}\n"
               "  - {domain: c.test, mailbox: {}}\n"),
      (Lines{"c.yaml:4: defaults.smtp.mx.require_tls: 'maybe' is neither true nor false",
             "c.yaml:5: defaults.roundtrip.slow_afte: is not a known key",
             "c.yaml:2: witness.anchors: 'foo' is not ip:port",
             "c.yaml:2: witness.zoned: is not a known key",
             "c.yaml:9: targets[0].checks.dns.mx.intervall: is not a known key",
             "c.yaml:12: targets[1].mailbox.password: is missing: give {file: PATH} or {env: "
             "NAME}",
             "c.yaml:14: targets[1].mailbox.receive.protocol: 'nntp' is none of imap, pop3",
             "c.yaml:14: targets[1].mailbox.receive.port: 99999 is not between 1 and 65535",
             "c.yaml:13: targets[1].mailbox.pasword: is not a known key",
             "c.yaml:16: targets[1].checks.smtp.mx.host: 'mx:25' is neither a host name nor an "
             "IP address",
             "c.yaml:17: targets[1].checks.roundtrip.receive_from.password: is missing: give "
             "{file: PATH} or {env: NAME}",
             "c.yaml:17: targets[1].checks.roundtrip.to: 'x@c.test' must be the address of the "
             "receiving mailbox (q@b.test) or one of its aliases",
             "c.yaml:18: targets[2].mailbox.address: is missing",
             "c.yaml:18: targets[2].mailbox.password: is missing: give {file: PATH} or {env: "
             "NAME}"}));
}

TEST(Plan, AMailboxIsLookedAtEvenWhenNothingUsesIt) {
  EXPECT_EQ(Mistaken("targets: [{domain: a.test, mailbox: {address: a.test, password: {env: P}},\n"
                     "  checks: {smtp.submit: {enabled: false}, imap.access: {enabled: false},\n"
                     "    roundtrip: {enabled: false}}}]\n"),
            Lines{"c.yaml:2: targets[0].mailbox.address: 'a.test' is not a mail address"});
}

TEST(Plan, AMailboxIsTheTargetsAndNotACheckS) {
  EXPECT_EQ(
      Mistaken("targets: [{domain: a.test, mailbox: {address: p@a.test, password: {env: P}},\n"
               "  checks: {imap.access: {mailbox: {address: nobody}},\n"
               "    dns.mx: {mailbox: {}}}}]\n"),
      (Lines{"c.yaml:3: targets[0].checks.imap.access.mailbox: belongs to a target, beside its "
             "`checks`",
             "c.yaml:4: targets[0].checks.dns.mx.mailbox: is not a known key"}));
}

TEST(Plan, WhatAgentsWouldNotTakeIsAMistake) {
  const std::string name(20000, 'x');
  EXPECT_EQ(
      Mistaken(Concat("targets:\n"
                      "  - domain: a.test\n"
                      "    mailbox: {address: p@a.test, password: {env: P}, username: ",
                      name,
                      "}\n"
                      "    checks: {smtp.submit: {enabled: false},\n"
                      "      imap.access: {enabled: false}, imap.quota: {enabled: false}}\n")),
      Lines{"c.yaml:3: targets[0].checks.roundtrip: would be refused by agents: "
            "check.settings: settings.scalar: has 20000 bytes, allowed are 0 to 16384"});
}

TEST(Plan, WhatManyTargetsShareIsToldOnce) {
  std::string text = "defaults: {dns.mx: {privat: allow}}\ntargets:\n";
  for (int i = 0; i < 300; ++i) Append(text, "  - {domain: d", i, ".test}\n");
  EXPECT_EQ(Mistaken(text), Lines{"c.yaml:2: defaults.dns.mx.privat: is not a known key"});
}

}  // namespace
}  // namespace postwatch::collector
