// An observation from its bytes to the model in one pass: no message is made in between, which
// would cost more than everything else that the collector does with an observation before it is
// stored. Repeated singular fields merge, unknown ones are skipped, as protobuf has it.
#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"
#include "common/wire/time_parts.h"
#include "common/wire/wire_reader.h"

namespace postwatch {
namespace {

constexpr int kMaxReplyCode = 999;
// More than all bounds together allow; what is beyond them are fields of other versions.
constexpr size_t kMaxObservationBytes = 128 << 10;
constexpr size_t kUsuallyTouched = 8;
constexpr std::string_view kNewerOutcome = "its outcome is one that only newer versions know";

std::optional<Outcome> OutcomeFromWire(uint64_t number) {
  switch (static_cast<int>(number)) {
    case v1::OUTCOME_PASS:
      return Outcome::kPass;
    case v1::OUTCOME_FAIL:
      return Outcome::kFail;
    case v1::OUTCOME_NOT_TESTED:
      return Outcome::kNotTested;
    case v1::OUTCOME_UNSPECIFIED:
      return std::nullopt;
    default:  // of a newer version: it says nothing to us
      return Outcome::kNotTested;
  }
}

// Collects one observation, then judges it.
class ObservationParser {
 public:
  explicit ObservationParser(ObservationParts parts) : whole_(parts == ObservationParts::kAll) {}

  absl::StatusOr<Observation> Parse(std::string_view bytes);

 private:
  void Field(const WireReader& reader);
  void Text(const WireReader& reader, std::string& out);
  void Times(std::string_view bytes, TimeParts& out);
  void OneStep(std::string_view bytes);
  void OneFailure(std::string_view bytes, Failure& out);
  void OneReply(std::string_view bytes, Reply& out);
  void OneComponent(std::string_view bytes);
  void OneEvidence(std::string_view bytes);
  void OneFact(std::string_view bytes);
  void CheckText(const WireReader& reader) { sound_ = sound_ && IsUtf8(reader.bytes()); }
  void EndOf(const WireReader& reader) { sound_ = sound_ && reader.sound(); }

  void JudgeHead();
  void JudgeOutcome();
  void JudgeFailure(std::string_view field, const Failure& failure);

  const bool whole_;  // else steps and evidence are only checked
  Observation out_;
  Bounds bounds_{"observation"};
  bool sound_ = true;  // whether these are the bytes of an observation at all
  bool has_started_ = false;
  TimeParts started_, took_;
  std::optional<Outcome> outcome_;
  bool newer_outcome_ = false;
  // How many there are, also of those that are not kept.
  int64_t steps_ = 0, touched_ = 0, findings_ = 0, transcript_ = 0, facts_ = 0;
  std::array<std::string_view, kMaxFacts> keys_;  // of the facts
};

absl::StatusOr<Observation> ObservationParser::Parse(std::string_view bytes) {
  if (bytes.size() <= kMaxObservationBytes) {
    WireReader reader(bytes);
    while (reader.Next()) Field(reader);
    EndOf(reader);
  }
  if (!sound_ || bytes.size() > kMaxObservationBytes) {
    return absl::DataLossError(Concat("observation: ", bytes.size(), " bytes that are none"));
  }
  JudgeHead();
  JudgeOutcome();
  bounds_.Count("steps", steps_, kMaxSteps);
  bounds_.Count("touched", touched_, kMaxTouched);
  bounds_.Count("evidence.transcript", transcript_, kMaxTranscriptLines);
  bounds_.Count("evidence.facts", facts_, kMaxFacts);
  if (!bounds_.ok()) return bounds_.status();
  return std::move(out_);
}

void ObservationParser::Field(const WireReader& reader) {
  using O = v1::Observation;
  switch (reader.field()) {
    case BytesField(O::kIdFieldNumber):
      return Text(reader, out_.id);
    case BytesField(O::kCheckIdFieldNumber):
      return Text(reader, out_.check_id);
    case BytesField(O::kKindFieldNumber):
      return Text(reader, out_.kind);
    case BytesField(O::kTargetFieldNumber):
      return Text(reader, out_.target);
    case BytesField(O::kStartedFieldNumber):
      has_started_ = true;
      return Times(reader.bytes(), started_);
    case BytesField(O::kTookFieldNumber):
      return Times(reader.bytes(), took_);
    case NumberField(O::kOutcomeFieldNumber):
      outcome_ = OutcomeFromWire(reader.number());
      newer_outcome_ = !v1::Outcome_IsValid(static_cast<int>(reader.number()));
      return;
    case BytesField(O::kStepsFieldNumber):
      return OneStep(reader.bytes());
    case BytesField(O::kFailureFieldNumber):
      if (!out_.failure.has_value()) out_.failure.emplace();
      return OneFailure(reader.bytes(), *out_.failure);
    case BytesField(O::kNotTestedReasonFieldNumber):
      return Text(reader, out_.not_tested_reason);
    case BytesField(O::kTouchedFieldNumber):
      return OneComponent(reader.bytes());
    case BytesField(O::kEvidenceFieldNumber):
      return OneEvidence(reader.bytes());
    case BytesField(O::kAmendsFieldNumber):
      return Text(reader, out_.amends);
    case BytesField(O::kRunRequestFieldNumber):
      return Text(reader, out_.run_request);
    case BytesField(O::kFindingsFieldNumber):
      if (++findings_ > static_cast<int64_t>(kMaxFindings)) return;
      return OneFailure(reader.bytes(), out_.findings.emplace_back());
    default:  // of a newer version, here and below
      return;
  }
}

void ObservationParser::Text(const WireReader& reader, std::string& out) {
  CheckText(reader);
  out.assign(reader.bytes());
}

void ObservationParser::Times(std::string_view bytes, TimeParts& out) {
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case NumberField(
          google::protobuf::Timestamp::kSecondsFieldNumber):  // Duration's are the same
        out.seconds = static_cast<int64_t>(reader.number());
        break;
      case NumberField(google::protobuf::Timestamp::kNanosFieldNumber):
        out.nanos = static_cast<int32_t>(reader.number());
        break;
      default:
        break;
    }
  }
  EndOf(reader);
}

void ObservationParser::OneStep(std::string_view bytes) {
  if (++steps_ > static_cast<int64_t>(kMaxSteps)) return;
  std::string_view name;
  TimeParts parts;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == BytesField(v1::Step::kTookFieldNumber)) Times(reader.bytes(), parts);
    if (reader.field() != BytesField(v1::Step::kNameFieldNumber)) continue;
    CheckText(reader);
    name = reader.bytes();
  }
  EndOf(reader);
  bounds_.Length("steps.name", name, 1, kMaxStepNameBytes);
  const absl::StatusOr<absl::Duration> took = MakeDuration(parts);
  if (!bounds_.Part("steps.took", took.status())) return;
  bounds_.Within("steps.took", *took, absl::ZeroDuration(), kMaxRunTime);
  if (whole_) out_.steps.push_back({std::string(name), *took});
}

void ObservationParser::OneFailure(std::string_view bytes, Failure& out) {
  using F = v1::Failure;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case NumberField(F::kClassFieldNumber):
        out.klass = static_cast<FailureClass>(static_cast<int32_t>(reader.number()));
        break;
      case BytesField(F::kStepFieldNumber):
        Text(reader, out.step);
        break;
      case BytesField(F::kDetailFieldNumber):
        Text(reader, out.detail);
        break;
      case BytesField(F::kReplyFieldNumber):
        if (!out.reply.has_value()) out.reply.emplace();
        OneReply(reader.bytes(), *out.reply);
        break;
      default:
        break;
    }
  }
  EndOf(reader);
}

void ObservationParser::OneReply(std::string_view bytes, Reply& out) {
  using R = v1::Reply;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case NumberField(R::kCodeFieldNumber):
        out.code = static_cast<int32_t>(reader.number());
        break;
      case BytesField(R::kEnhancedFieldNumber):
        Text(reader, out.enhanced);
        break;
      case BytesField(R::kTextFieldNumber):
        Text(reader, out.text);
        break;
      case BytesField(R::kRuleFieldNumber):
        Text(reader, out.rule);
        break;
      default:
        break;
    }
  }
  EndOf(reader);
}

void ObservationParser::OneComponent(std::string_view bytes) {
  if (++touched_ > static_cast<int64_t>(kMaxTouched)) return;
  if (touched_ == 1) out_.touched.reserve(kUsuallyTouched);
  ComponentRef& component = out_.touched.emplace_back();
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == BytesField(v1::Component::kKindFieldNumber)) Text(reader, component.kind);
    if (reader.field() == BytesField(v1::Component::kNameFieldNumber)) Text(reader, component.name);
  }
  EndOf(reader);
  bounds_.Length("touched.kind", component.kind, 1, kMaxComponentKindBytes);
  bounds_.Length("touched.name", component.name, 1, kMaxComponentNameBytes);
}

void ObservationParser::OneEvidence(std::string_view bytes) {
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == BytesField(v1::Evidence::kFactsFieldNumber)) OneFact(reader.bytes());
    if (reader.field() != BytesField(v1::Evidence::kTranscriptFieldNumber)) continue;
    if (++transcript_ > static_cast<int64_t>(kMaxTranscriptLines)) continue;
    CheckText(reader);
    bounds_.Length("evidence.transcript", reader.bytes(), 0, kMaxTranscriptLineBytes);
    if (whole_) out_.evidence.transcript.emplace_back(reader.bytes());
  }
  EndOf(reader);
}

// An entry of a map on the wire is a message of a key and a value.
void ObservationParser::OneFact(std::string_view bytes) {
  constexpr int kKey = 1, kValue = 2;
  std::string_view key, value;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == BytesField(kKey)) key = reader.bytes();
    if (reader.field() == BytesField(kValue)) value = reader.bytes();
    if (reader.field() == BytesField(kKey) || reader.field() == BytesField(kValue)) {
      CheckText(reader);
    }
  }
  EndOf(reader);
  bounds_.Length("evidence.facts key", key, 1, kMaxFactKeyBytes);
  bounds_.Length("evidence.facts value", value, 0, kMaxFactBytes);
  const auto known = keys_.begin() + std::min<int64_t>(facts_, kMaxFacts);
  if (std::find(keys_.begin(), known, key) == known) {
    if (++facts_ > static_cast<int64_t>(kMaxFacts)) return;
    *known = key;
  }
  if (whole_) out_.evidence.facts.insert_or_assign(std::string(key), std::string(value));
}

void ObservationParser::JudgeHead() {
  bounds_.That("id", IsRandomId(out_.id), "must be 32 lower-case hex digits");
  bounds_.Length("check_id", out_.check_id, 1, kMaxCheckIdBytes);
  bounds_.Length("kind", out_.kind, 1, kMaxKindBytes);
  bounds_.Length("target", out_.target, 0, kMaxTargetBytes);
  bounds_.That("amends", out_.amends.empty() || IsRandomId(out_.amends),
               "must be empty or 32 lower-case hex digits");
  bounds_.Length("run_request", out_.run_request, 0, kMaxRunRequestBytes);
  const absl::StatusOr<absl::Time> started = MakeTime(started_);
  if (bounds_.That("started", has_started_, "is missing") &&
      bounds_.Part("started", started.status())) {
    out_.started = *started;
  }
  const absl::StatusOr<absl::Duration> took = MakeDuration(took_);
  if (bounds_.Part("took", took.status()) &&
      bounds_.Within("took", *took, absl::ZeroDuration(), kMaxRunTime)) {
    out_.took = *took;
  }
}

void ObservationParser::JudgeOutcome() {
  if (!bounds_.That("outcome", outcome_.has_value(), "is none that this version knows")) return;
  out_.outcome = *outcome_;
  if (newer_outcome_) {
    out_.failure.reset();
    out_.not_tested_reason = kNewerOutcome;
  }
  bounds_.That("failure", out_.failure.has_value() == (*outcome_ == Outcome::kFail),
               "must be there exactly when the outcome is FAIL");
  if (out_.failure.has_value()) JudgeFailure("failure", *out_.failure);
  bounds_.That("not_tested_reason",
               out_.not_tested_reason.empty() == (*outcome_ != Outcome::kNotTested),
               "must be there exactly when the outcome is NOT_TESTED");
  bounds_.Length("not_tested_reason", out_.not_tested_reason, 0, kMaxDetailBytes);
  if (!bounds_.Count("findings", findings_, kMaxFindings)) return;
  for (const Failure& finding : out_.findings) JudgeFailure("findings", finding);
}

void ObservationParser::JudgeFailure(std::string_view field, const Failure& failure) {
  Bounds bounds("failure");
  bounds.That("class", static_cast<int>(failure.klass) > 0, "is missing");
  bounds.Length("step", failure.step, 0, kMaxStepNameBytes);
  bounds.Length("detail", failure.detail, 0, kMaxDetailBytes);
  if (failure.reply.has_value()) {
    const Reply& reply = *failure.reply;
    bounds.That("reply.code", reply.code >= 0 && reply.code <= kMaxReplyCode,
                "is not between 0 and 999");
    bounds.Length("reply.enhanced", reply.enhanced, 0, kMaxEnhancedBytes);
    bounds.Length("reply.text", reply.text, 0, kMaxReplyBytes);
    bounds.Length("reply.rule", reply.rule, 0, kMaxRuleBytes);
  }
  bounds_.Part(field, bounds.status());
}

}  // namespace

absl::StatusOr<Observation> ParseObservation(std::string_view bytes, ObservationParts parts) {
  return ObservationParser(parts).Parse(bytes);
}

}  // namespace postwatch
