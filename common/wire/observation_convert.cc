#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"

namespace postwatch {
namespace {

constexpr int kMaxReplyCode = 999;
constexpr int kMaxObservationBytes = 1 << 20;

v1::Outcome OutcomeToProto(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return v1::OUTCOME_PASS;
    case Outcome::kFail:
      return v1::OUTCOME_FAIL;
    case Outcome::kNotTested:
      return v1::OUTCOME_NOT_TESTED;
  }
  return v1::OUTCOME_UNSPECIFIED;
}

std::optional<Outcome> OutcomeFromProto(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_PASS:
      return Outcome::kPass;
    case v1::OUTCOME_FAIL:
      return Outcome::kFail;
    case v1::OUTCOME_NOT_TESTED:
      return Outcome::kNotTested;
    default:
      return std::nullopt;
  }
}

void WriteFailure(const Failure& failure, v1::Failure& out) {
  out.set_class_(ToProto(failure.klass));
  out.set_step(ToUtf8(failure.step));
  out.set_detail(ToUtf8(failure.detail));
  if (!failure.reply.has_value()) return;
  v1::Reply& reply = *out.mutable_reply();
  reply.set_code(failure.reply->code);
  reply.set_enhanced(ToUtf8(failure.reply->enhanced));
  reply.set_text(ToUtf8(failure.reply->text));
  reply.set_rule(ToUtf8(failure.reply->rule));
}

Reply ReadReply(const v1::Reply& reply, Bounds& bounds) {
  bounds.That("reply.code", reply.code() >= 0 && reply.code() <= kMaxReplyCode,
              "is not between 0 and 999");
  bounds.Length("reply.enhanced", reply.enhanced(), 0, kMaxEnhancedBytes);
  bounds.Length("reply.text", reply.text(), 0, kMaxReplyBytes);
  bounds.Length("reply.rule", reply.rule(), 0, kMaxRuleBytes);
  return {reply.code(), reply.enhanced(), reply.text(), reply.rule()};
}

Failure ReadFailure(std::string_view field, const v1::Failure& failure, Bounds& parent) {
  Bounds bounds("failure");
  bounds.That("class", failure.class_() > 0, "is missing");
  bounds.Length("step", failure.step(), 0, kMaxStepNameBytes);
  bounds.Length("detail", failure.detail(), 0, kMaxDetailBytes);
  Failure result{FromProto(failure.class_()), failure.step(), failure.detail(), std::nullopt};
  if (failure.has_reply()) result.reply = ReadReply(failure.reply(), bounds);
  parent.Part(field, bounds.status());
  return result;
}

void ReadHead(const v1::Observation& in, Bounds& bounds, Observation& out) {
  bounds.That("id", IsRandomId(in.id()), "must be 32 lower-case hex digits");
  bounds.Length("check_id", in.check_id(), 1, kMaxCheckIdBytes);
  bounds.Length("kind", in.kind(), 1, kMaxKindBytes);
  bounds.Length("target", in.target(), 0, kMaxTargetBytes);
  bounds.That("amends", in.amends().empty() || IsRandomId(in.amends()),
              "must be empty or 32 lower-case hex digits");
  bounds.Length("run_request", in.run_request(), 0, kMaxRunRequestBytes);
  const absl::StatusOr<absl::Time> started = FromProto(in.started());
  if (bounds.That("started", in.has_started(), "is missing") &&
      bounds.Part("started", started.status())) {
    out.started = *started;
  }
  const absl::StatusOr<absl::Duration> took = FromProto(in.took());
  if (bounds.Part("took", took.status()) &&
      bounds.Within("took", *took, absl::ZeroDuration(), kMaxRunTime)) {
    out.took = *took;
  }
  out.id = in.id();
  out.check_id = in.check_id();
  out.kind = in.kind();
  out.target = in.target();
  out.amends = in.amends();
  out.run_request = in.run_request();
}

void ReadOutcome(const v1::Observation& in, Bounds& bounds, Observation& out) {
  const std::optional<Outcome> outcome = OutcomeFromProto(in.outcome());
  if (!bounds.That("outcome", outcome.has_value(), "is none that this version knows")) return;
  out.outcome = *outcome;
  bounds.That("failure", in.has_failure() == (*outcome == Outcome::kFail),
              "must be there exactly when the outcome is FAIL");
  if (in.has_failure()) out.failure = ReadFailure("failure", in.failure(), bounds);
  bounds.That("not_tested_reason",
              in.not_tested_reason().empty() == (*outcome != Outcome::kNotTested),
              "must be there exactly when the outcome is NOT_TESTED");
  bounds.Length("not_tested_reason", in.not_tested_reason(), 0, kMaxDetailBytes);
  out.not_tested_reason = in.not_tested_reason();
  if (!bounds.Count("findings", in.findings_size(), kMaxFindings)) return;
  for (const v1::Failure& finding : in.findings()) {
    out.findings.push_back(ReadFailure("findings", finding, bounds));
  }
}

void ReadSteps(const v1::Observation& in, Bounds& bounds, Observation& out) {
  if (!bounds.Count("steps", in.steps_size(), kMaxSteps)) return;
  for (const v1::Step& step : in.steps()) {
    bounds.Length("steps.name", step.name(), 1, kMaxStepNameBytes);
    const absl::StatusOr<absl::Duration> took = FromProto(step.took());
    if (!bounds.Part("steps.took", took.status())) return;
    bounds.Within("steps.took", *took, absl::ZeroDuration(), kMaxRunTime);
    out.steps.push_back({step.name(), *took});
  }
}

void ReadTouched(const v1::Observation& in, Bounds& bounds, Observation& out) {
  if (!bounds.Count("touched", in.touched_size(), kMaxTouched)) return;
  for (const v1::Component& component : in.touched()) {
    bounds.Length("touched.kind", component.kind(), 1, kMaxComponentKindBytes);
    bounds.Length("touched.name", component.name(), 1, kMaxComponentNameBytes);
    out.touched.push_back({component.kind(), component.name()});
  }
}

void ReadEvidence(const v1::Evidence& in, Bounds& bounds, Evidence& out) {
  if (!bounds.Count("evidence.transcript", in.transcript_size(), kMaxTranscriptLines)) return;
  for (const std::string& line : in.transcript()) {
    bounds.Length("evidence.transcript", line, 0, kMaxTranscriptLineBytes);
    out.transcript.push_back(line);
  }
  if (!bounds.Count("evidence.facts", in.facts_size(), kMaxFacts)) return;
  for (const auto& [key, value] : in.facts()) {
    bounds.Length("evidence.facts key", key, 1, kMaxFactKeyBytes);
    bounds.Length("evidence.facts value", value, 0, kMaxFactBytes);
    out.facts.emplace(key, value);
  }
}

}  // namespace

v1::FailureClass ToProto(FailureClass klass) { return static_cast<v1::FailureClass>(klass); }

FailureClass FromProto(v1::FailureClass klass) { return static_cast<FailureClass>(klass); }

v1::Observation ToProto(const Observation& observation) {
  v1::Observation out;
  out.set_id(observation.id);
  out.set_check_id(ToUtf8(observation.check_id));
  out.set_kind(ToUtf8(observation.kind));
  out.set_target(ToUtf8(observation.target));
  *out.mutable_started() = ToProto(observation.started);
  *out.mutable_took() = ToProto(observation.took);
  out.set_outcome(OutcomeToProto(observation.outcome));
  for (const Step& step : observation.steps) {
    v1::Step& added = *out.add_steps();
    added.set_name(ToUtf8(step.name));
    *added.mutable_took() = ToProto(step.took);
  }
  if (observation.failure.has_value()) WriteFailure(*observation.failure, *out.mutable_failure());
  out.set_not_tested_reason(ToUtf8(observation.not_tested_reason));
  for (const ComponentRef& component : observation.touched) {
    v1::Component& added = *out.add_touched();
    added.set_kind(ToUtf8(component.kind));
    added.set_name(ToUtf8(component.name));
  }
  const Evidence& evidence = observation.evidence;
  for (const std::string& line : evidence.transcript) {
    out.mutable_evidence()->add_transcript(ToUtf8(line));
  }
  for (const auto& [key, value] : evidence.facts) {
    (*out.mutable_evidence()->mutable_facts())[ToUtf8(key)] = ToUtf8(value);
  }
  out.set_amends(observation.amends);
  out.set_run_request(ToUtf8(observation.run_request));
  for (const Failure& finding : observation.findings) WriteFailure(finding, *out.add_findings());
  return out;
}

absl::StatusOr<Observation> FromProto(const v1::Observation& observation) {
  Bounds bounds("observation");
  Observation result;
  ReadHead(observation, bounds, result);
  ReadOutcome(observation, bounds, result);
  ReadSteps(observation, bounds, result);
  ReadTouched(observation, bounds, result);
  ReadEvidence(observation.evidence(), bounds, result.evidence);
  if (!bounds.ok()) return bounds.status();
  return result;
}

std::string SerializeObservation(const Observation& observation) {
  return ToProto(observation).SerializeAsString();
}

absl::StatusOr<Observation> ParseObservation(std::string_view bytes) {
  v1::Observation message;
  if (bytes.size() > kMaxObservationBytes ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(Concat("observation: ", bytes.size(), " bytes that are none"));
  }
  return FromProto(message);
}

}  // namespace postwatch
