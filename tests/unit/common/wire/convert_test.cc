#include "common/wire/convert.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/wire/bounds.h"

namespace postwatch {
namespace {

const std::string kId(32, 'a');

Failure FullFailure() {
  return {FailureClass::kSmtpGreylisted, "rcpt", "450 try again",
          Reply{450, "4.2.0", "greylisted", "postgrey"}};
}

Observation FullObservation() {
  Observation o;
  o.id = kId;
  o.check_id = "alpha.test/mx";
  o.kind = "smtp.mx";
  o.target = "alpha.test";
  o.started = absl::FromUnixSeconds(1'793'620'800) + absl::Nanoseconds(123'456'789);
  o.took = absl::Milliseconds(1500) + absl::Nanoseconds(7);
  o.outcome = Outcome::kFail;
  o.steps = {{"connect", absl::Microseconds(12)}, {"rcpt", absl::ZeroDuration()}};
  o.failure = FullFailure();
  o.touched = {{"mx", "mx1.alpha.test"}, {"site", "192.0.2.1"}};
  o.evidence.transcript = {"S: 220 hi", "C: EHLO x"};
  o.evidence.facts = {{"tls.version", "TLSv1.3"}, {"empty", ""}};
  o.amends = std::string(32, '0');
  o.run_request = "run-1";
  o.findings = {{FailureClass::kSmtpTarpitted, "banner", "slow", std::nullopt}};
  return o;
}

v1::Observation Valid() { return ToProto(FullObservation()); }

CheckSpec FullSpec() {
  CheckSpec spec;
  spec.id = "alpha.test/roundtrip";
  spec.kind = "roundtrip";
  spec.target = "alpha.test";
  spec.provider = "alpha";
  spec.leg = Leg::kDelivery;
  spec.interval = absl::Minutes(2);
  spec.fleet_gap = absl::Seconds(20);
  spec.timeout = absl::Seconds(45);
  Settings list = Settings::List({Settings::Scalar("a"), Settings::Scalar("b")}, "c.yaml:4");
  spec.settings = Settings::Map("c.yaml:2");
  spec.settings.Set("hosts", list);
  spec.settings.Set("none", Settings());
  spec.settings.Set("port", Settings::Scalar("25", "c.yaml:3"));
  return spec;
}

absl::StatusOr<Observation> ParseMessage(const v1::Observation& message) {
  return ParseObservation(message.SerializeAsString());
}

std::string Refusal(const v1::Observation& observation) {
  const absl::Status status = ParseMessage(observation).status();
  // Whatever is left out is checked all the same.
  EXPECT_EQ(
      ParseObservation(observation.SerializeAsString(), ObservationParts::kWithoutDetails).status(),
      status);
  return std::string(FromAbsl(status.message()));
}

std::string Refusal(const v1::CheckSpec& spec) {
  return std::string(FromAbsl(FromProto(spec).status().message()));
}

TEST(ConvertObservation, FullOneComesBackEqual) {
  const absl::StatusOr<Observation> back = ParseMessage(Valid());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, FullObservation());
}

TEST(ConvertObservation, PassAndNotTestedComeBackEqual) {
  Observation o = FullObservation();
  o.failure.reset();
  o.outcome = Outcome::kPass;
  EXPECT_EQ(*ParseMessage(ToProto(o)), o);
  o.outcome = Outcome::kNotTested;
  o.not_tested_reason = "no credential";
  EXPECT_EQ(*ParseMessage(ToProto(o)), o);
}

TEST(ConvertObservation, BytesComeBackEqual) {
  EXPECT_EQ(*ParseObservation(SerializeObservation(FullObservation())), FullObservation());
}

TEST(ConvertObservation, GarbageBytesAreDataLoss) {
  EXPECT_EQ(ParseObservation("\xff\xff\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseObservation("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ConvertObservation, BadUtf8BecomesQuestionMarks) {
  Observation o = FullObservation();
  o.failure->reply->text = "gr\xfc\xc3\xbc \xed\xa0\x80 \xf0\x9f\x93\xac \xc3";
  const absl::StatusOr<Observation> back = ParseObservation(SerializeObservation(o));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->failure->reply->text, "gr?\xc3\xbc ??? \xf0\x9f\x93\xac ?");
}

TEST(ConvertObservation, UnknownFailureClassIsKeptAndReadsAsUnspecified) {
  v1::Observation m = Valid();
  m.mutable_failure()->set_class_(static_cast<v1::FailureClass>(9999));
  const absl::StatusOr<Observation> back = ParseMessage(m);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(static_cast<int>(back->failure->klass), 9999);
  EXPECT_EQ(FailureClassName(back->failure->klass), "unspecified");
}

TEST(ConvertObservation, AnOutcomeOfANewerVersionSaysNothingAboutTheTarget) {
  v1::Observation m = Valid();
  m.set_outcome(static_cast<v1::Outcome>(77));
  const absl::StatusOr<Observation> back = ParseMessage(m);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->outcome, Outcome::kNotTested);
  EXPECT_EQ(back->not_tested_reason, "its outcome is one that only newer versions know");
  EXPECT_FALSE(back->failure.has_value());
  EXPECT_EQ(back->findings, FullObservation().findings);
}

TEST(ConvertObservation, EveryFailureClassHasTheSameNameOnTheWire) {
  const auto* descriptor = v1::FailureClass_descriptor();
  EXPECT_EQ(descriptor->value_count(), static_cast<int>(AllFailureClasses().size()) + 1);
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    const std::string wire = v1::FailureClass_Name(ToProto(entry.klass));
    EXPECT_EQ(wire, Concat("FAILURE_CLASS_", AsciiUpper(entry.name)));
    EXPECT_EQ(FromProto(ToProto(entry.klass)), entry.klass);
  }
}

// One mistake a row: the field named, and how the valid message is spoilt.
struct Spoilt {
  std::string field;
  std::function<void(v1::Observation&)> spoil;
};

TEST(ConvertObservation, EachBoundIsRefusedByName) {
  using O = v1::Observation;
  const std::vector<Spoilt> rows = {
      {"observation.id: must be 32", [](O& o) { o.set_id("ABC"); }},
      {"observation.id: must be 32", [](O& o) { o.set_id(std::string(32, 'g')); }},
      {"observation.check_id: is missing", [](O& o) { o.clear_check_id(); }},
      {"observation.check_id: has 257", [](O& o) { o.set_check_id(std::string(257, 'x')); }},
      {"observation.kind: is missing", [](O& o) { o.clear_kind(); }},
      {"observation.kind: has 65", [](O& o) { o.set_kind(std::string(65, 'x')); }},
      {"observation.target: has 254", [](O& o) { o.set_target(std::string(254, 'x')); }},
      {"observation.started: is missing", [](O& o) { o.clear_started(); }},
      {"observation.started: is not", [](O& o) { o.mutable_started()->set_nanos(-1); }},
      {"observation.started: is not",
       [](O& o) { o.mutable_started()->set_seconds(int64_t{1} << 60); }},
      {"observation.took: -1s", [](O& o) { *o.mutable_took() = ToProto(absl::Seconds(-1)); }},
      {"observation.took: 1h1s", [](O& o) { *o.mutable_took() = ToProto(absl::Seconds(3601)); }},
      {"observation.took: is not", [](O& o) { o.mutable_took()->set_nanos(2'000'000'000); }},
      {"observation.outcome", [](O& o) { o.set_outcome(v1::OUTCOME_UNSPECIFIED); }},
      {"observation.failure: must", [](O& o) { o.clear_failure(); }},
      {"observation.failure: must", [](O& o) { o.set_outcome(v1::OUTCOME_PASS); }},
      {"observation.failure: failure.class", [](O& o) { o.mutable_failure()->clear_class_(); }},
      {"observation.failure: failure.step",
       [](O& o) { o.mutable_failure()->set_step(std::string(33, 'x')); }},
      {"observation.failure: failure.detail",
       [](O& o) { o.mutable_failure()->set_detail(std::string(1025, 'x')); }},
      {"observation.failure: failure.reply.code",
       [](O& o) { o.mutable_failure()->mutable_reply()->set_code(1000); }},
      {"observation.failure: failure.reply.code",
       [](O& o) { o.mutable_failure()->mutable_reply()->set_code(-1); }},
      {"observation.failure: failure.reply.enhanced",
       [](O& o) { o.mutable_failure()->mutable_reply()->set_enhanced(std::string(17, '4')); }},
      {"observation.failure: failure.reply.text",
       [](O& o) { o.mutable_failure()->mutable_reply()->set_text(std::string(2049, 'x')); }},
      {"observation.failure: failure.reply.rule",
       [](O& o) { o.mutable_failure()->mutable_reply()->set_rule(std::string(129, 'x')); }},
      {"observation.not_tested_reason: must", [](O& o) { o.set_not_tested_reason("why"); }},
      {"observation.not_tested_reason: must",
       [](O& o) {
         o.clear_failure();
         o.set_outcome(v1::OUTCOME_NOT_TESTED);
       }},
      {"observation.steps: has 65",
       [](O& o) {
         while (o.steps_size() < 65) o.add_steps()->set_name("x");
       }},
      {"observation.steps.name: is missing", [](O& o) { o.add_steps(); }},
      {"observation.steps.name: has 33",
       [](O& o) { o.add_steps()->set_name(std::string(33, 'x')); }},
      {"observation.steps.took",
       [](O& o) { *o.mutable_steps(0)->mutable_took() = ToProto(absl::Hours(2)); }},
      {"observation.touched: has 33",
       [](O& o) {
         while (o.touched_size() < 33) *o.add_touched() = o.touched(0);
       }},
      {"observation.touched.kind: is missing", [](O& o) { o.add_touched()->set_name("x"); }},
      {"observation.touched.name: is missing", [](O& o) { o.add_touched()->set_kind("mx"); }},
      {"observation.touched.name: has 513",
       [](O& o) { o.mutable_touched(0)->set_name(std::string(513, 'x')); }},
      {"observation.evidence.transcript: has 65 items",
       [](O& o) {
         while (o.evidence().transcript_size() < 65) o.mutable_evidence()->add_transcript("x");
       }},
      {"observation.evidence.transcript: has 257 bytes",
       [](O& o) { o.mutable_evidence()->add_transcript(std::string(257, 'x')); }},
      {"observation.evidence.facts: has 49",
       [](O& o) {
         for (int i = 0; i < 47; ++i) {
           (*o.mutable_evidence()->mutable_facts())[std::to_string(i)] = "x";
         }
       }},
      {"observation.evidence.facts key",
       [](O& o) { (*o.mutable_evidence()->mutable_facts())[std::string(65, 'k')] = "x"; }},
      {"observation.evidence.facts value",
       [](O& o) { (*o.mutable_evidence()->mutable_facts())["k"] = std::string(513, 'x'); }},
      {"observation.amends", [](O& o) { o.set_amends("short"); }},
      {"observation.run_request", [](O& o) { o.set_run_request(std::string(65, 'x')); }},
      {"observation.findings: has 17",
       [](O& o) {
         while (o.findings_size() < 17) *o.add_findings() = o.findings(0);
       }},
      {"observation.findings: failure.step",
       [](O& o) { o.mutable_findings(0)->set_step(std::string(33, 'x')); }},
  };
  for (const Spoilt& row : rows) {
    v1::Observation m = Valid();
    row.spoil(m);
    EXPECT_EQ(Refusal(m).rfind(row.field, 0), 0u) << row.field << " got: " << Refusal(m);
  }
}

TEST(ConvertObservation, WhatIsJustWithinTheBoundsIsTaken) {
  v1::Observation m = Valid();
  m.set_check_id(std::string(256, 'x'));
  m.mutable_failure()->set_detail(std::string(1024, 'x'));
  m.mutable_failure()->mutable_reply()->set_text(std::string(2048, 'x'));
  while (m.steps_size() < 64) m.add_steps()->set_name(std::string(32, 'x'));
  EXPECT_EQ(Refusal(m), "");
}

TEST(ConvertCheckSpec, FullOneComesBackEqualWithItsOrigins) {
  const absl::StatusOr<CheckSpec> back = FromProto(ToProto(FullSpec()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, FullSpec());
  EXPECT_EQ(back->settings.Find("port")->origin(), "c.yaml:3");
}

TEST(ConvertCheckSpec, EveryLegComesBack) {
  for (const char* name :
       {"control", "dns", "inbound", "submission", "access", "delivery", "registration"}) {
    CheckSpec spec = FullSpec();
    spec.leg = *ParseLeg(name);
    EXPECT_EQ(FromProto(ToProto(spec))->leg, spec.leg) << name;
  }
}

TEST(ConvertCheckSpec, EachBoundIsRefusedByName) {
  using C = v1::CheckSpec;
  const std::vector<std::pair<std::string, std::function<void(C&)>>> rows = {
      {"check.id: is missing", [](C& c) { c.clear_id(); }},
      {"check.id: has 257", [](C& c) { c.set_id(std::string(257, 'x')); }},
      {"check.kind: is missing", [](C& c) { c.clear_kind(); }},
      {"check.kind: has characters", [](C& c) { c.set_kind("smtp mx"); }},
      {"check.target", [](C& c) { c.set_target(std::string(254, 'x')); }},
      {"check.provider", [](C& c) { c.set_provider("Not A Name"); }},
      {"check.leg", [](C& c) { c.set_leg(static_cast<v1::Leg>(42)); }},
      {"check.interval: 0", [](C& c) { c.clear_interval(); }},
      {"check.fleet_gap: -1s", [](C& c) { *c.mutable_fleet_gap() = ToProto(absl::Seconds(-1)); }},
      {"check.interval: 24h1s",
       [](C& c) { *c.mutable_interval() = ToProto(absl::Hours(24) + absl::Seconds(1)); }},
      {"check.timeout: 99ms", [](C& c) { *c.mutable_timeout() = ToProto(absl::Milliseconds(99)); }},
      {"check.timeout: 10m1s", [](C& c) { *c.mutable_timeout() = ToProto(absl::Seconds(601)); }},
      {"check.settings: must be a map", [](C& c) { c.mutable_settings()->set_scalar("x"); }},
      {"check.settings: settings.key",
       [](C& c) { c.mutable_settings()->mutable_map()->add_entries()->set_key("port"); }},
      {"check.settings: settings.key: is missing",
       [](C& c) { c.mutable_settings()->mutable_map()->add_entries(); }},
      {"check.settings: settings.origin",
       [](C& c) { c.mutable_settings()->set_origin(std::string(1025, 'x')); }},
  };
  for (const auto& [field, spoil] : rows) {
    v1::CheckSpec m = ToProto(FullSpec());
    spoil(m);
    EXPECT_EQ(Refusal(m).rfind(field, 0), 0u) << field << " got: " << Refusal(m);
  }
}

TEST(ConvertSettings, DepthAndSizeAreBounded) {
  v1::Setting deep;
  v1::Setting* at = &deep;
  for (int i = 0; i < 16; ++i) at = at->mutable_list()->add_items();
  EXPECT_EQ(FromAbsl(FromProto(deep).status().message()), "settings.depth: is too deep");
  v1::Setting wide;
  for (int i = 0; i < 4096; ++i) wide.mutable_list()->add_items()->set_scalar("x");
  EXPECT_EQ(FromAbsl(FromProto(wide).status().message()), "settings.size: has too many values");
  v1::Setting big;
  big.set_scalar(std::string(16385, 'x'));
  EXPECT_FALSE(FromProto(big).ok());
}

TEST(ConvertTime, NanosecondsAndThePastComeBack) {
  const absl::Time before_epoch = absl::FromUnixNanos(-1);
  EXPECT_EQ(ToProto(before_epoch).seconds(), -1);
  EXPECT_EQ(ToProto(before_epoch).nanos(), 999'999'999);
  EXPECT_EQ(*FromProto(ToProto(before_epoch)), before_epoch);
  const absl::Duration negative = absl::Milliseconds(-1500);
  EXPECT_EQ(ToProto(negative).seconds(), -1);
  EXPECT_EQ(ToProto(negative).nanos(), -500'000'000);
  EXPECT_EQ(*FromProto(ToProto(negative)), negative);
  google::protobuf::Duration mixed;
  mixed.set_seconds(1);
  mixed.set_nanos(-1);
  EXPECT_FALSE(FromProto(mixed).ok());
}

TEST(ConvertTime, TheLastNanosecondComesBackAndStandsForAllBehind) {
  const absl::Time last = absl::FromUnixSeconds(253'402'300'800) - absl::Nanoseconds(1);
  EXPECT_EQ(*FromProto(ToProto(last)), last);
  EXPECT_EQ(*FromProto(ToProto(absl::InfiniteFuture())), last);
}

}  // namespace
}  // namespace postwatch
