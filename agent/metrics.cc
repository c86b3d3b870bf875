#include "agent/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <set>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

// Label values: backslash, quote and newline are escaped, as the text format wants it.
std::string Label(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

class Page {
 public:
  void Family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    Append(text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }
  void Value(double value) { Labelled("", value); }
  void Labelled(std::string_view labels, double value) {
    char number[32];
    std::snprintf(number, sizeof(number), "%.15g", value);
    Append(text_, name_, labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}", " ",
           std::string_view(number), "\n");
  }
  void Single(std::string_view name, std::string_view type, std::string_view help, double value) {
    Family(name, type, help);
    Value(value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view name_;
};

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

void RenderUplink(const AgentGauges& g, Page& page) {
  page.Single("postwatch_agent_spool_observations", "gauge",
              "Observations on disk that the collector has not acknowledged.",
              static_cast<double>(g.spool_observations));
  page.Single("postwatch_agent_spool_bytes", "gauge", "Bytes of these observations.",
              static_cast<double>(g.spool_bytes));
  page.Single("postwatch_agent_spool_oldest_timestamp_seconds", "gauge",
              "When the oldest of them was spooled; 0 when there are none.",
              Seconds(g.spool_oldest));
  page.Single("postwatch_agent_spool_dropped_total", "counter",
              "Observations dropped undelivered since the spool was made.",
              static_cast<double>(g.spool_dropped));
  page.Single("postwatch_agent_connected", "gauge",
              "Whether the collector has welcomed this agent on the open stream.",
              g.connected ? 1 : 0);
  page.Single("postwatch_agent_connects_total", "counter", "Welcomes by the collector.",
              static_cast<double>(g.link.connects));
  page.Single("postwatch_agent_acknowledged_total", "counter",
              "Observations the collector has stored.", static_cast<double>(g.link.acknowledged));
  page.Single("postwatch_agent_refused_total", "counter",
              "Observations the collector refused for good.", static_cast<double>(g.link.refused));
  page.Single("postwatch_agent_bad_messages_total", "counter",
              "Messages of the collector that made no sense.",
              static_cast<double>(g.link.bad_messages));
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
  Page page;
  page.Family("postwatch_agent_build_info", "gauge", "The program's version, as a label.");
  page.Labelled(Concat("version=\"", Label(g.version), "\""), 1);
  page.Family("postwatch_agent_observations_total", "counter", "Observations made.");
  for (const auto& [key, count] : observations_) {
    page.Labelled(
        Concat("kind=\"", Label(key.first), "\",outcome=\"", OutcomeName(key.second), "\""),
        static_cast<double>(count));
  }
  RenderUplink(g, page);
  page.Single("postwatch_agent_spool_failures_total", "counter",
              "Observations that could not be written to the spool.",
              static_cast<double>(spool_failures_));
  page.Single("postwatch_agent_loop_lag_seconds", "gauge",
              "How late the event loop was, worst of the last minute.",
              absl::ToDoubleSeconds(g.loop_lag));
  page.Single("postwatch_agent_checks", "gauge", "Checks assigned that can be run.",
              static_cast<double>(g.checks));
  page.Single("postwatch_agent_check_problems", "gauge", "Checks assigned that cannot be run.",
              static_cast<double>(g.problems));
  page.Single("postwatch_agent_runs_in_progress", "gauge", "Checks that run now.",
              static_cast<double>(g.runs_in_progress));
  page.Single("postwatch_agent_config_last_reload_successful", "gauge",
              "Whether the last reload of the configuration was taken.", reload_ok_ ? 1 : 0);
  page.Single("postwatch_agent_config_last_reload_success_timestamp_seconds", "gauge",
              "When a configuration was last taken.", Seconds(reloaded_));
  page.Family("probe_success", "gauge", "Whether the last run that could test the target passed.");
  const auto labels = [](const std::string& id, const LastRun& run) {
    return Concat("check=\"", Label(id), "\",kind=\"", Label(run.kind), "\",target=\"",
                  Label(run.target), "\"");
  };
  for (const auto& [id, run] : last_) {
    if (run.outcome == Outcome::kNotTested) continue;
    page.Labelled(labels(id, run), run.outcome == Outcome::kPass ? 1 : 0);
  }
  page.Family("probe_duration_seconds", "gauge", "How long the last run took.");
  for (const auto& [id, run] : last_) {
    page.Labelled(labels(id, run), absl::ToDoubleSeconds(run.took));
  }
  page.Single("process_cpu_seconds_total", "counter", "CPU time used.", CpuSeconds());
  page.Single("process_resident_memory_bytes", "gauge", "Resident memory.", ResidentBytes());
  return page.Take();
}

}  // namespace postwatch::agent
