#include "collector/model/incident_json.h"

#include <cmath>

namespace postwatch::collector {
namespace {

void WriteStrings(JsonWriter& out, std::string_view key, const std::vector<std::string>& values) {
  out.Key(key);
  out.BeginArray();
  for (const std::string& value : values) out.String(value);
  out.EndArray();
}

double Rounded(double value) { return std::round(value * 100) / 100; }

void WriteScope(JsonWriter& out, const std::vector<ScopeRow>& scope) {
  out.Key("scope");
  out.BeginArray();
  for (const ScopeRow& row : scope) {
    out.BeginObject();
    out.Field("region", row.region);
    out.Field("failing", row.failing);
    out.Field("healthy", row.healthy);
    out.Field("masked", row.masked);
    out.EndObject();
  }
  out.EndArray();
}

void WriteEvidence(JsonWriter& out, const VerdictEvidence& evidence) {
  out.Key("evidence");
  out.BeginObject();
  out.Field("failures", evidence.failures);
  out.Field("passes", evidence.passes);
  out.Field("gain", Rounded(evidence.gain));
  WriteStrings(out, "agents", evidence.agents);
  WriteStrings(out, "networks", evidence.networks);
  out.Key("classes");
  out.BeginObject();
  for (const auto& [name, count] : evidence.classes) out.Field(name, count);
  out.EndObject();
  WriteStrings(out, "observations", evidence.observation_ids);
  WriteStrings(out, "replies", evidence.replies);
  out.Field("bounded", Rounded(evidence.bounded));
  out.Field("odds", Rounded(evidence.odds));
  out.Field("share", Rounded(evidence.share));
  out.Field("reach", Rounded(evidence.reach));
  out.Field("looked", evidence.looked);
  out.Field("against", evidence.against);
  out.Key("masked");
  out.BeginObject();
  for (const auto& [agent, reason] : evidence.masked) out.Field(agent, reason);
  out.EndObject();
  out.EndObject();
}

void WriteAlternatives(JsonWriter& out, const std::vector<Alternative>& alternatives) {
  out.Key("alternatives");
  out.BeginArray();
  for (const Alternative& alternative : alternatives) {
    out.BeginObject();
    out.Field("component", alternative.component.Text());
    out.Field("confidence", alternative.confidence);
    out.Field("deciding", alternative.deciding);
    out.EndObject();
  }
  out.EndArray();
}

void WriteTimeOrNull(JsonWriter& out, std::string_view key, std::optional<absl::Time> time) {
  out.Key(key);
  if (time) {
    out.String(JsonTime(*time));
  } else {
    out.Null();
  }
}

void WriteHistory(JsonWriter& out, const std::vector<IncidentNote>& history) {
  out.Key("history");
  out.BeginArray();
  for (const IncidentNote& note : history) {
    out.BeginObject();
    out.Field("at", JsonTime(note.at));
    out.Field("text", note.text);
    out.EndObject();
  }
  out.EndArray();
}

}  // namespace

std::string JsonTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

void WriteIncident(JsonWriter& out, const Incident& incident) {
  const Verdict& verdict = incident.verdict;
  out.BeginObject();
  out.Field("id", incident.id);
  out.Field("state", IncidentStateName(incident.state));
  out.Field("level", VerdictLevelName(verdict.level));
  out.Field("alerting", incident.alerting);
  out.Field("severity", SeverityName(verdict.severity));
  out.Field("component", verdict.component.Text());
  out.Field("class", FailureClassName(verdict.klass));
  out.Field("leg", LegName(verdict.leg));
  out.Field("provider", verdict.provider);
  WriteStrings(out, "targets", verdict.targets);
  out.Field("targets_hit", verdict.targets_hit);
  out.Field("confidence", verdict.confidence);
  out.Field("failing_share", verdict.failing_share);
  out.Field("mail_loss", MailLossName(verdict.mail_loss));
  out.Field("explanation", verdict.explanation);
  out.Field("opened", JsonTime(incident.opened));
  out.Field("started", JsonTime(incident.started));
  WriteTimeOrNull(out, "ended", incident.ended);
  WriteTimeOrNull(out, "reopened", incident.reopened);
  out.Field("updated", JsonTime(incident.updated));
  WriteScope(out, verdict.scope);
  WriteEvidence(out, verdict.evidence);
  WriteAlternatives(out, verdict.alternatives);
  WriteHistory(out, incident.history);
  if (!incident.revision.empty()) out.Field("revision", incident.revision);
  out.EndObject();
}

}  // namespace postwatch::collector
