#include "collector/store/incident_wire.h"

#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"
#include "postwatch/v1/incident.pb.h"

namespace postwatch::collector {
namespace {

using google::protobuf::Timestamp;

// An absent timestamp stands for InfinitePast.
template <class Message>
void WriteTime(absl::Time time, Message& message, Timestamp* (Message::*field)()) {
  if (time != absl::InfinitePast()) *(message.*field)() = postwatch::ToProto(time);
}

absl::Time ReadTime(bool present, const Timestamp& timestamp) {
  if (!present) return absl::InfinitePast();
  return postwatch::FromProto(timestamp).value_or(absl::InfinitePast());
}

template <class Strings, class Field>
void WriteStrings(const Strings& strings, Field* out) {
  for (const std::string& text : strings) *out->Add() = ToUtf8(text);
}

template <class Field>
std::vector<std::string> ReadStrings(const Field& field) {
  return {field.begin(), field.end()};
}

template <class Message>
absl::Status Read(std::string_view bytes, std::string_view what, Message& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return {};
  return absl::DataLossError(
      Concat("read ", what, " from the store: ", bytes.size(), " bytes that are none"));
}

// Numbers outside an enumeration come from a newer version; they read as `fallback`.
template <class Enum>
Enum ReadEnum(int number, Enum last, Enum fallback) {
  return number >= 0 && number <= static_cast<int>(last) ? static_cast<Enum>(number) : fallback;
}

v1::Component Write(const ComponentRef& component) {
  v1::Component out;
  out.set_kind(ToUtf8(component.kind));
  out.set_name(ToUtf8(component.name));
  return out;
}

ComponentRef ReadComponent(const v1::Component& in) { return {in.kind(), in.name()}; }

void Write(const Vantage& vantage, v1::Vantage& out) {
  out.set_agent(ToUtf8(vantage.agent));
  out.set_region(ToUtf8(vantage.region));
  out.set_zone(ToUtf8(vantage.zone));
  out.set_network(ToUtf8(vantage.network));
  out.set_resolver(ToUtf8(vantage.resolver));
}

Vantage ReadVantage(const v1::Vantage& in) {
  return {in.agent(), in.region(), in.zone(), in.network(), in.resolver()};
}

v1::VerdictEvidence Write(const VerdictEvidence& evidence) {
  v1::VerdictEvidence out;
  out.set_failures(evidence.failures);
  out.set_passes(evidence.passes);
  out.set_gain(evidence.gain);
  WriteStrings(evidence.agents, out.mutable_agents());
  WriteStrings(evidence.networks, out.mutable_networks());
  for (const auto& [klass, count] : evidence.classes) (*out.mutable_classes())[klass] = count;
  WriteStrings(evidence.observation_ids, out.mutable_observation_ids());
  WriteStrings(evidence.replies, out.mutable_replies());
  out.set_bounded(evidence.bounded);
  out.set_odds(evidence.odds);
  out.set_share(evidence.share);
  out.set_reach(evidence.reach);
  out.set_looked(evidence.looked);
  out.set_against(evidence.against);
  for (const auto& [agent, reason] : evidence.masked) {
    (*out.mutable_masked())[ToUtf8(agent)] = ToUtf8(reason);
  }
  return out;
}

VerdictEvidence ReadEvidence(const v1::VerdictEvidence& in) {
  VerdictEvidence out;
  out.failures = in.failures();
  out.passes = in.passes();
  out.gain = in.gain();
  out.agents = ReadStrings(in.agents());
  out.networks = ReadStrings(in.networks());
  out.classes.insert(in.classes().begin(), in.classes().end());
  out.observation_ids = ReadStrings(in.observation_ids());
  out.replies = ReadStrings(in.replies());
  out.bounded = in.bounded();
  out.odds = in.odds();
  out.share = in.share();
  out.reach = in.reach();
  out.looked = in.looked();
  out.against = in.against();
  out.masked.insert(in.masked().begin(), in.masked().end());
  return out;
}

v1::Verdict Write(const Verdict& verdict) {
  v1::Verdict out;
  *out.mutable_component() = Write(verdict.component);
  out.set_class_(ToProto(verdict.klass));
  out.set_level(static_cast<v1::VerdictLevel>(verdict.level));
  out.set_leg(static_cast<v1::Leg>(verdict.leg));
  out.set_severity(static_cast<int>(verdict.severity));
  out.set_mail_loss(static_cast<v1::MailLoss>(verdict.mail_loss));
  out.set_provider(ToUtf8(verdict.provider));
  WriteStrings(verdict.targets, out.mutable_targets());
  out.set_targets_hit(verdict.targets_hit);
  out.set_confidence(verdict.confidence);
  out.set_failing_share(verdict.failing_share);
  for (const ScopeRow& row : verdict.scope) {
    v1::ScopeRow& added = *out.add_scope();
    added.set_region(ToUtf8(row.region));
    added.set_failing(row.failing);
    added.set_healthy(row.healthy);
    added.set_masked(row.masked);
  }
  *out.mutable_evidence() = Write(verdict.evidence);
  for (const Alternative& alternative : verdict.alternatives) {
    v1::Alternative& added = *out.add_alternatives();
    *added.mutable_component() = Write(alternative.component);
    added.set_confidence(alternative.confidence);
    added.set_deciding(ToUtf8(alternative.deciding));
  }
  out.set_explanation(ToUtf8(verdict.explanation));
  return out;
}

Verdict ReadVerdict(const v1::Verdict& in) {
  Verdict out;
  out.component = ReadComponent(in.component());
  out.klass = FromProto(in.class_());
  out.level = ReadEnum(in.level(), VerdictLevel::kInsufficientVisibility, VerdictLevel::kLocal);
  out.leg = ReadEnum(in.leg(), Leg::kRegistration, Leg::kControl);
  out.severity = in.severity() == 0 ? Severity::kSev4
                                    : ReadEnum(in.severity(), Severity::kSev4, Severity::kSev4);
  out.mail_loss = ReadEnum(in.mail_loss(), MailLoss::kAccessible, MailLoss::kNone);
  out.provider = in.provider();
  out.targets = ReadStrings(in.targets());
  out.targets_hit = in.targets_hit();
  out.confidence = in.confidence();
  out.failing_share = in.failing_share();
  for (const v1::ScopeRow& row : in.scope()) {
    out.scope.push_back({row.region(), row.failing(), row.healthy(), row.masked()});
  }
  out.evidence = ReadEvidence(in.evidence());
  for (const v1::Alternative& alternative : in.alternatives()) {
    out.alternatives.push_back(
        {ReadComponent(alternative.component()), alternative.confidence(), alternative.deciding()});
  }
  out.explanation = in.explanation();
  return out;
}

v1::Incident Write(const Incident& incident) {
  v1::Incident out;
  out.set_id(incident.id);
  out.set_resolved(incident.state == IncidentState::kResolved);
  *out.mutable_verdict() = Write(incident.verdict);
  out.set_alerting(incident.alerting);
  WriteTime(incident.opened, out, &v1::Incident::mutable_opened);
  WriteTime(incident.started, out, &v1::Incident::mutable_started);
  if (incident.ended.has_value()) *out.mutable_ended() = ToProto(*incident.ended);
  if (incident.reopened.has_value()) *out.mutable_reopened() = ToProto(*incident.reopened);
  WriteTime(incident.updated, out, &v1::Incident::mutable_updated);
  for (const IncidentNote& note : incident.history) {
    v1::IncidentNote& added = *out.add_history();
    WriteTime(note.at, added, &v1::IncidentNote::mutable_at);
    added.set_text(ToUtf8(note.text));
  }
  out.set_revision(ToUtf8(incident.revision));
  return out;
}

Incident Read(const v1::Incident& in) {
  Incident out;
  out.id = in.id();
  out.state = in.resolved() ? IncidentState::kResolved : IncidentState::kOpen;
  out.verdict = ReadVerdict(in.verdict());
  out.alerting = in.alerting();
  out.opened = ReadTime(in.has_opened(), in.opened());
  out.started = ReadTime(in.has_started(), in.started());
  if (in.has_ended()) out.ended = ReadTime(true, in.ended());
  if (in.has_reopened()) out.reopened = ReadTime(true, in.reopened());
  out.updated = ReadTime(in.has_updated(), in.updated());
  for (const v1::IncidentNote& note : in.history()) {
    out.history.push_back({ReadTime(note.has_at(), note.at()), note.text()});
  }
  out.revision = in.revision();
  return out;
}

}  // namespace

SightingSerializer::SightingSerializer() : message_(std::make_unique<v1::Sighting>()) {}
SightingSerializer::~SightingSerializer() = default;
SightingSerializer::SightingSerializer(SightingSerializer&&) noexcept = default;

std::string_view SightingSerializer::Serialize(const Sighting& sighting) {
  v1::Sighting& out = *message_;
  out.Clear();
  if (sighting.wire.empty()) {
    out.set_observation(SerializeObservation(sighting.observation));
  } else {
    out.set_observation(sighting.wire);
  }
  Write(sighting.vantage, *out.mutable_vantage());
  out.set_provider(ToUtf8(sighting.provider));
  out.set_leg(static_cast<v1::Leg>(sighting.leg));
  out.set_spool_id(ToUtf8(sighting.spool_id));
  out.set_sequence(sighting.sequence);
  WriteTime(sighting.received, out, &v1::Sighting::mutable_received);
  out.set_revision(ToUtf8(sighting.revision));
  out.SerializeToString(&bytes_);
  return bytes_;
}

absl::StatusOr<Sighting> ParseSighting(std::string_view bytes) {
  v1::Sighting in;
  absl::Status read = Read(bytes, "a sighting", in);
  if (!read.ok()) return read;
  absl::StatusOr<Observation> observation = ParseObservation(in.observation());
  if (!observation.ok()) return absl::DataLossError(observation.status().message());
  Sighting out;
  out.observation = *std::move(observation);
  out.vantage = ReadVantage(in.vantage());
  out.provider = in.provider();
  out.leg = ReadEnum(in.leg(), Leg::kRegistration, Leg::kControl);
  out.spool_id = in.spool_id();
  out.sequence = in.sequence();
  out.received = ReadTime(in.has_received(), in.received());
  out.revision = in.revision();
  return out;
}

std::string SerializeIncident(const Incident& incident) {
  return Write(incident).SerializeAsString();
}

absl::StatusOr<Incident> ParseIncident(std::string_view bytes) {
  v1::Incident in;
  absl::Status read = Read(bytes, "an incident", in);
  if (!read.ok()) return read;
  return Read(in);
}

std::string SerializeAlert(const Alert& alert) {
  v1::Alert out;
  out.set_id(alert.id);
  out.set_event(static_cast<v1::AlertEvent>(alert.event));
  out.set_dedup_key(alert.dedup_key);
  *out.mutable_incident() = Write(alert.incident);
  WriteTime(alert.decided, out, &v1::Alert::mutable_decided);
  return out.SerializeAsString();
}

absl::StatusOr<Alert> ParseAlert(std::string_view bytes) {
  v1::Alert in;
  absl::Status read = Read(bytes, "an alert", in);
  if (!read.ok()) return read;
  Alert out;
  out.id = in.id();
  out.event = ReadEnum(in.event(), AlertEvent::kResolved, AlertEvent::kChanged);
  out.dedup_key = in.dedup_key();
  out.incident = Read(in.incident());
  out.decided = ReadTime(in.has_decided(), in.decided());
  return out;
}

std::string SerializeAgent(const AgentRecord& agent) {
  v1::AgentRecord out;
  Write(agent.vantage, *out.mutable_vantage());
  out.set_version(ToUtf8(agent.version));
  out.set_boot_id(ToUtf8(agent.boot_id));
  out.set_connected(agent.connected);
  WriteTime(agent.first_heard, out, &v1::AgentRecord::mutable_first_heard);
  WriteTime(agent.last_heard, out, &v1::AgentRecord::mutable_last_heard);
  *out.mutable_clock_offset() = ToProto(agent.clock_offset);
  out.set_spooled(agent.spooled);
  out.set_dropped(agent.dropped);
  WriteStrings(agent.problems, out.mutable_problems());
  return out.SerializeAsString();
}

absl::StatusOr<AgentRecord> ParseAgent(std::string_view bytes) {
  v1::AgentRecord in;
  absl::Status read = Read(bytes, "an agent", in);
  if (!read.ok()) return read;
  AgentRecord out;
  out.vantage = ReadVantage(in.vantage());
  out.version = in.version();
  out.boot_id = in.boot_id();
  out.connected = in.connected();
  out.first_heard = ReadTime(in.has_first_heard(), in.first_heard());
  out.last_heard = ReadTime(in.has_last_heard(), in.last_heard());
  out.clock_offset = FromProto(in.clock_offset()).value_or(absl::ZeroDuration());
  out.spooled = in.spooled();
  out.dropped = in.dropped();
  out.problems = ReadStrings(in.problems());
  return out;
}

}  // namespace postwatch::collector
