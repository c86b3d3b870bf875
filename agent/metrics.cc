#include "agent/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <set>

#include "common/base/exposition.h"

namespace postwatch::agent {
namespace {

double Seconds(absl::Time time) {
  return time == absl::InfiniteFuture() ? 0 : absl::ToDoubleSeconds(time - absl::UnixEpoch());
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) +
                               absl::DurationFromTimeval(usage.ru_stime));
}

double ResidentBytes() {
  long size = 0;
  long resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void RenderUplink(const AgentGauges& g, Exposition& page) {
  page.Single("postwatch_agent_spool_observations", "gauge",
              "Observations on disk that the collector has not acknowledged.",
              g.spool_observations);
  page.Single("postwatch_agent_spool_bytes", "gauge", "Bytes of these observations.",
              g.spool_bytes);
  page.Single("postwatch_agent_spool_oldest_timestamp_seconds", "gauge",
              "When the oldest of them was spooled; 0 when there are none.",
              Seconds(g.spool_oldest));
  page.Single("postwatch_agent_spool_dropped_total", "counter",
              "Observations dropped undelivered since the spool was made.", g.spool_dropped);
  page.Single("postwatch_agent_spool_writable", "gauge",
              "1 while the spool on disk can be written.", g.spool_writable ? 1 : 0);
  page.Single("postwatch_agent_spool_held_observations", "gauge",
              "Observations held in memory since the spool cannot be written.", g.spool_held);
  page.Single("postwatch_agent_connected", "gauge",
              "Whether the collector has welcomed this agent on the open stream.",
              g.connected ? 1 : 0);
  if (g.certificate_ends) {
    page.Single("postwatch_agent_own_certificate_expiry_timestamp_seconds", "gauge",
                "When the agent's certificate ends.", Seconds(*g.certificate_ends));
  }
  page.Single("postwatch_agent_connects_total", "counter", "Welcomes by the collector.",
              g.link.connects);
  page.Single("postwatch_agent_acknowledged_total", "counter",
              "Observations the collector has stored.", g.link.acknowledged);
  page.Single("postwatch_agent_refused_total", "counter",
              "Observations the collector refused for good.", g.link.refused);
  page.Single("postwatch_agent_bad_messages_total", "counter",
              "Messages of the collector that made no sense.", g.link.bad_messages);
}

}  // namespace

void AgentMetrics::Count(const Observation& observation) {
  ++observations_[{observation.kind, observation.outcome}];
  if (!observation.amends.empty()) return;
  last_.insert_or_assign(observation.check_id, LastRun{observation.kind, observation.target,
                                                       observation.outcome, observation.took});
}

void AgentMetrics::Reloaded(bool ok, absl::Time now) {
  reload_ok_ = ok;
  if (ok) reloaded_ = now;
}

void AgentMetrics::Keep(const std::vector<CheckSpec>& checks) {
  std::set<std::string_view> ids;
  for (const CheckSpec& check : checks) ids.insert(check.id);
  std::erase_if(last_, [&ids](const auto& entry) { return !ids.contains(entry.first); });
}

std::string AgentMetrics::Render(const AgentGauges& g) const {
  Exposition page;
  page.Family("postwatch_agent_build_info", "gauge", "The program's version, as a label.");
  page.Sample({{"version", g.version}}, 1);
  page.Family("postwatch_agent_observations_total", "counter", "Observations made.");
  for (const auto& [key, count] : observations_) {
    page.Sample({{"kind", key.first}, {"outcome", OutcomeName(key.second)}}, count);
  }
  RenderUplink(g, page);
  page.Single("postwatch_agent_lost_observations_total", "counter",
              "Observations lost: for want of a disk, or because they are out of bounds.",
              g.spool_lost + unspoolable_);
  page.Single("postwatch_agent_unclassified_replies_total", "counter",
              "Replies of servers that no rule was written for; each text is logged once.",
              unclassified_);
  page.Single("postwatch_agent_loop_lag_seconds", "gauge",
              "How late the event loop was, worst of the last minute.",
              absl::ToDoubleSeconds(g.loop_lag));
  page.Single("postwatch_agent_checks", "gauge", "Checks assigned that can be run.", g.checks);
  page.Single("postwatch_agent_check_problems", "gauge", "Checks assigned that cannot be run.",
              g.problems);
  page.Single("postwatch_agent_runs_in_progress", "gauge", "Checks that run now.",
              g.runs_in_progress);
  page.Single("postwatch_agent_config_last_reload_successful", "gauge",
              "Whether the last reload of the configuration was taken.", reload_ok_ ? 1 : 0);
  page.Single("postwatch_agent_config_last_reload_success_timestamp_seconds", "gauge",
              "When a configuration was last taken.", Seconds(reloaded_));
  page.Family("probe_success", "gauge", "Whether the last run that could test the target passed.");
  for (const auto& [id, run] : last_) {
    if (run.outcome == Outcome::kNotTested) continue;
    page.Sample({{"check", id}, {"kind", run.kind}, {"target", run.target}},
                run.outcome == Outcome::kPass ? 1 : 0);
  }
  page.Family("probe_duration_seconds", "gauge", "How long the last run took.");
  for (const auto& [id, run] : last_) {
    page.Sample({{"check", id}, {"kind", run.kind}, {"target", run.target}},
                absl::ToDoubleSeconds(run.took));
  }
  page.Single("process_cpu_seconds_total", "counter", "CPU time used.", CpuSeconds());
  page.Single("process_resident_memory_bytes", "gauge", "Resident memory.", ResidentBytes());
  return page.Take();
}

}  // namespace postwatch::agent
