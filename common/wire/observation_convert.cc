#include "common/wire/bounds.h"
#include "common/wire/convert.h"

namespace postwatch {
namespace {

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

std::string SerializeObservation(const Observation& observation) {
  return ToProto(observation).SerializeAsString();
}

}  // namespace postwatch
