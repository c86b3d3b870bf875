#include "collector/web/board_json.h"

#include "collector/model/incident_json.h"
#include "common/base/json.h"
#include "common/model/observation_json.h"

namespace postwatch::collector {
namespace {

void WriteCell(JsonWriter& out, const Cell& cell) {
  out.BeginObject();
  out.Field("region", cell.region);
  out.Field("check", cell.check_id);
  out.Field("kind", cell.kind);
  out.Field("state", CellStateName(cell.state));
  if (!cell.failure_class.empty()) out.Field("class", cell.failure_class);
  if (!cell.detail.empty()) out.Field("detail", cell.detail);
  out.Key("last_seen");
  if (cell.last_seen == absl::InfinitePast()) {
    out.Null();
  } else {
    out.String(JsonTime(cell.last_seen));
  }
  out.Field("agents_healthy", cell.agents_healthy);
  out.Field("agents_failing", cell.agents_failing);
  out.EndObject();
}

void WriteTargets(JsonWriter& out, const Board& board) {
  out.Key("targets");
  out.BeginArray();
  for (const TargetRow& row : board.targets) {
    out.BeginObject();
    out.Field("target", row.target);
    out.Field("provider", row.provider);
    out.Key("cells");
    out.BeginArray();
    for (const Cell& cell : row.cells) WriteCell(out, cell);
    out.EndArray();
    out.EndObject();
  }
  out.EndArray();
}

void WriteKinds(JsonWriter& out, const Board& board) {
  out.Key("kinds");
  out.BeginArray();
  for (const BoardKind& kind : board.kinds) {
    out.BeginObject();
    out.Field("kind", kind.kind);
    out.Field("leg", LegName(kind.leg));
    out.EndObject();
  }
  out.EndArray();
}

void WriteTexts(JsonWriter& out, std::string_view key, const std::vector<std::string>& texts) {
  out.Key(key);
  out.BeginArray();
  for (const std::string& text : texts) out.String(text);
  out.EndArray();
}

void WriteAgents(JsonWriter& out, const Board& board) {
  out.Key("agents");
  out.BeginArray();
  for (const AgentRecord& agent : board.agents) {
    out.BeginObject();
    out.Field("agent", agent.vantage.agent);
    out.Field("region", agent.vantage.region);
    out.Field("zone", agent.vantage.zone);
    out.Field("network", agent.vantage.network);
    out.Field("resolver", agent.vantage.resolver);
    out.Field("version", agent.version);
    out.Field("connected", agent.connected);
    out.Field("last_heard", JsonTime(agent.last_heard));
    out.Field("clock_offset_seconds", absl::ToDoubleSeconds(agent.clock_offset));
    out.Field("spooled", static_cast<int64_t>(agent.spooled));
    out.Field("dropped", static_cast<int64_t>(agent.dropped));
    WriteTexts(out, "problems", agent.problems);
    const auto lacks = board.cannot_run.find(agent.vantage.agent);
    WriteTexts(out, "cannot_run",
               lacks == board.cannot_run.end() ? std::vector<std::string>() : lacks->second);
    out.EndObject();
  }
  out.EndArray();
}

void WriteIncidents(JsonWriter& out, const std::vector<Incident>& incidents) {
  out.Key("incidents");
  out.BeginArray();
  for (const Incident& incident : incidents) WriteIncident(out, incident);
  out.EndArray();
}

void WriteFailure(JsonWriter& out, const Failure& failure) {
  out.BeginObject();
  out.Field("class", FailureClassName(failure.klass));
  out.Field("step", failure.step);
  out.Field("detail", failure.detail);
  WriteReply(out, failure.reply);
  out.EndObject();
}

void WriteEvidence(JsonWriter& out, const Observation& seen) {
  out.Key("touched");
  out.BeginArray();
  for (const ComponentRef& component : seen.touched) out.String(component.Text());
  out.EndArray();
  out.Key("findings");
  out.BeginArray();
  for (const Failure& finding : seen.findings) WriteFailure(out, finding);
  out.EndArray();
  out.Key("facts");
  out.BeginObject();
  for (const auto& [key, value] : seen.evidence.facts) out.Field(key, value);
  out.EndObject();
  WriteTexts(out, "transcript", seen.evidence.transcript);
}

void WriteSighting(JsonWriter& out, const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  out.BeginObject();
  out.Field("id", seen.id);
  out.Field("agent", sighting.vantage.agent);
  out.Field("region", sighting.vantage.region);
  out.Field("check", seen.check_id);
  out.Field("kind", seen.kind);
  out.Field("target", seen.target);
  out.Field("provider", sighting.provider);
  out.Field("leg", LegName(sighting.leg));
  out.Field("sequence", static_cast<int64_t>(sighting.sequence));
  out.Field("started", JsonTime(seen.started));
  out.Field("received", JsonTime(sighting.received));
  out.Field("seconds", absl::ToDoubleSeconds(seen.took));
  out.Field("outcome", OutcomeName(seen.outcome));
  if (seen.failure) {
    out.Key("failure");
    WriteFailure(out, *seen.failure);
  }
  if (!seen.not_tested_reason.empty()) out.Field("not_tested_reason", seen.not_tested_reason);
  if (!seen.amends.empty()) out.Field("amends", seen.amends);
  if (!seen.run_request.empty()) out.Field("run_request", seen.run_request);
  if (!sighting.revision.empty()) out.Field("revision", sighting.revision);
  WriteSteps(out, seen.steps);
  WriteEvidence(out, seen);
  out.EndObject();
}

}  // namespace

std::string BoardJson(const Board& board) {
  JsonWriter out;
  out.BeginObject();
  out.Field("at", JsonTime(board.at));
  WriteTexts(out, "regions", board.regions);
  WriteKinds(out, board);
  WriteTargets(out, board);
  WriteAgents(out, board);
  WriteIncidents(out, board.open);
  out.EndObject();
  return out.Take();
}

std::string TargetsJson(const Board& board) {
  JsonWriter out;
  out.BeginObject();
  WriteTargets(out, board);
  out.EndObject();
  return out.Take();
}

std::string AgentsJson(const Board& board) {
  JsonWriter out;
  out.BeginObject();
  WriteAgents(out, board);
  out.EndObject();
  return out.Take();
}

std::string IncidentsJson(const std::vector<Incident>& incidents) {
  JsonWriter out;
  out.BeginObject();
  WriteIncidents(out, incidents);
  out.EndObject();
  return out.Take();
}

std::string ObservationsJson(const std::vector<Sighting>& sightings) {
  JsonWriter out;
  out.BeginObject();
  out.Key("observations");
  out.BeginArray();
  for (const Sighting& sighting : sightings) WriteSighting(out, sighting);
  out.EndArray();
  out.EndObject();
  return out.Take();
}

}  // namespace postwatch::collector
