#include "collector/metrics.h"

#include <map>

#include "common/base/exposition.h"

namespace postwatch::collector {
namespace {

void WriteAgents(Exposition& out, const Board& board) {
  out.Family("postwatch_agent_up", "gauge", "1 while the agent's stream is open.");
  for (const AgentRecord& agent : board.agents) {
    out.Sample({{"agent", agent.vantage.agent}, {"region", agent.vantage.region}},
               agent.connected ? 1 : 0);
  }
  out.Family("postwatch_agent_last_heard_timestamp_seconds", "gauge",
             "When the agent was last heard.");
  for (const AgentRecord& agent : board.agents) {
    out.Sample({{"agent", agent.vantage.agent}, {"region", agent.vantage.region}},
               absl::ToUnixSeconds(agent.last_heard));
  }
  out.Family("postwatch_agent_spooled_observations", "gauge",
             "Observations waiting on the agent's disk.");
  for (const AgentRecord& agent : board.agents) {
    out.Sample({{"agent", agent.vantage.agent}, {"region", agent.vantage.region}}, agent.spooled);
  }
  out.Family("postwatch_agent_dropped_observations_total", "counter",
             "Observations the agent's bounded spool lost.");
  for (const AgentRecord& agent : board.agents) {
    out.Sample({{"agent", agent.vantage.agent}, {"region", agent.vantage.region}}, agent.dropped);
  }
  out.Family("postwatch_agent_certificate_expiry_timestamp_seconds", "gauge",
             "When the certificate of a connected agent's stream ends.");
  for (const AgentRecord& agent : board.agents) {
    if (!agent.connected || !agent.certificate_ends) continue;
    out.Sample({{"agent", agent.vantage.agent}, {"region", agent.vantage.region}},
               absl::ToUnixSeconds(*agent.certificate_ends));
  }
}

void WriteCertificates(Exposition& out, const MetricsInput& in) {
  out.Family("postwatch_collector_certificate_expiry_timestamp_seconds", "gauge",
             "When the certificate that is shown to agents ends; absent when it is no good.");
  if (in.certificate.ok()) out.Sample({}, absl::ToUnixSeconds(in.certificate->not_after));
  out.Family("postwatch_authority_certificate_expiry_timestamp_seconds", "gauge",
             "When an authority that agents' certificates may be of ends, by its hash.");
  for (const auto& [hash, ends] : in.authorities) {
    out.Sample({{"authority", hash}}, absl::ToUnixSeconds(ends));
  }
}

void WriteChecks(Exposition& out, const Board& board) {
  out.Family("postwatch_check_success", "gauge",
             "1 healthy, 0 failing, as the region sees the check; absent when unknown or masked.");
  for (const TargetRow& row : board.targets) {
    for (const Cell& cell : row.cells) {
      if (cell.state != CellState::kHealthy && cell.state != CellState::kFailing) continue;
      out.Sample({{"target", row.target},
                  {"provider", row.provider},
                  {"kind", cell.kind},
                  {"region", cell.region}},
                 cell.state == CellState::kHealthy ? 1 : 0);
    }
  }
}

void WriteIncidents(Exposition& out, const Board& board) {
  std::map<std::string_view, int> open = {
      {"real", 0}, {"local", 0}, {"insufficient_visibility", 0}};
  for (const Incident& incident : board.open) ++open[VerdictLevelName(incident.verdict.level)];
  out.Family("postwatch_incidents_open", "gauge", "Open incidents by level.");
  for (const auto& [level, count] : open) out.Sample({{"level", level}}, count);
}

void WriteEngine(Exposition& out, const EngineCounters& engine) {
  out.Family("postwatch_sightings_total", "counter", "Observations the engine thought through.");
  out.Sample({}, engine.sightings);
  out.Family("postwatch_incidents_opened_total", "counter", "Incidents opened since the start.");
  out.Sample({}, engine.incidents_opened);
  out.Family("postwatch_alerts_decided_total", "counter",
             "Alerts handed to a sink's queue, one a sink, reminders included.");
  out.Sample({}, engine.alerts);
  out.Family("postwatch_confirmations_total", "counter",
             "Checks asked for at once to confirm a suspicion.");
  out.Sample({}, engine.confirmations);
}

void WriteIngest(Exposition& out, const IngestCounters& ingest) {
  out.Family("postwatch_ingest_streams", "gauge", "Agent streams open now.");
  out.Sample({}, ingest.streams);
  out.Family("postwatch_ingest_observations_total", "counter",
             "Observations received, duplicates and refused ones included.");
  out.Sample({}, ingest.observations);
  out.Family("postwatch_ingest_committed_total", "counter",
             "Observations committed and acknowledged.");
  out.Sample({}, ingest.committed);
  out.Family("postwatch_ingest_throttled_total", "counter",
             "Times a stream was made to wait for its rate.");
  out.Sample({}, ingest.throttled);
  out.Family("postwatch_ingest_rejected_total", "counter", "Observations refused, by reason.");
  for (const auto& [reason, count] : ingest.rejected) out.Sample({{"reason", reason}}, count);
  out.Family("postwatch_ingest_streams_ended_total", "counter", "Streams ended by us, by status.");
  for (const auto& [code, count] : ingest.streams_ended) out.Sample({{"code", code}}, count);
}

void WriteSinks(Exposition& out, const std::vector<SinkCounters>& sinks) {
  out.Family("postwatch_alerts_delivered_total", "counter", "Alerts a sink took.");
  for (const SinkCounters& sink : sinks) out.Sample({{"sink", sink.sink}}, sink.delivered);
  out.Family("postwatch_alert_failures_total", "counter", "Tries that failed and are repeated.");
  for (const SinkCounters& sink : sinks) out.Sample({{"sink", sink.sink}}, sink.failed_tries);
  out.Family("postwatch_alerts_given_up_total", "counter", "Alerts no sink will ever get.");
  for (const SinkCounters& sink : sinks) out.Sample({{"sink", sink.sink}}, sink.given_up);
  out.Family("postwatch_alerts_waiting", "gauge", "Alerts decided and not delivered yet.");
  for (const SinkCounters& sink : sinks) out.Sample({{"sink", sink.sink}}, sink.waiting);
}

void WriteProgram(Exposition& out, std::string_view version, bool active) {
  out.Family("postwatch_collector_build_info", "gauge", "Always 1; the version is a label.");
  out.Sample({{"version", version}}, 1);
  out.Family("postwatch_collector_active", "gauge",
             "1 when this collector acts, 0 when it stands by.");
  out.Sample({}, active ? 1 : 0);
}

}  // namespace

std::string RenderMetrics(const MetricsInput& in) {
  Exposition out;
  WriteProgram(out, in.version, true);
  out.Family("postwatch_collector_ready", "gauge", "1 while GET /-/ready says so.");
  out.Sample({}, in.ready ? 1 : 0);
  WriteAgents(out, in.board);
  WriteCertificates(out, in);
  WriteChecks(out, in.board);
  WriteIncidents(out, in.board);
  WriteEngine(out, in.engine);
  WriteIngest(out, in.ingest);
  WriteSinks(out, in.sinks);
  out.Family("postwatch_store_errors_total", "counter", "Writes to the store that failed.");
  out.Sample({}, in.store_errors);
  out.Family("postwatch_store_writable", "gauge", "1 while the store can be written.");
  out.Sample({}, in.store_writable ? 1 : 0);
  out.Family(
      "postwatch_ingest_unstored_total", "counter",
      "Observations thought through and not stored, for want of room; agents send them again.");
  out.Sample({}, in.unstored);
  out.Family("postwatch_collector_config_info", "gauge",
             "The configuration in force: its revision in a version control.");
  out.Sample({{"revision", in.revision}}, 1);
  out.Family("postwatch_collector_config_last_reload_successful", "gauge",
             "1 when the last reload took effect.");
  out.Sample({}, in.last_reload_ok ? 1 : 0);
  out.Family("postwatch_collector_config_last_reload_success_timestamp_seconds", "gauge",
             "When the configuration in force was read.");
  out.Sample({}, absl::ToUnixSeconds(in.last_reload));
  return out.Take();
}

std::string RenderStandbyMetrics(std::string_view version) {
  Exposition out;
  WriteProgram(out, version, false);
  return out.Take();
}

}  // namespace postwatch::collector
