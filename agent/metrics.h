// AgentMetrics: what the agent counts, and its text for Prometheus.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "agent/uplink/collector_link.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"

namespace postwatch::agent {

// What is true at the moment of the scrape.
struct AgentGauges {
  std::string version;
  uint64_t spool_observations = 0;
  uint64_t spool_bytes = 0;
  uint64_t spool_dropped = 0;
  bool spool_writable = true;
  uint64_t spool_held = 0;                           // in memory only
  uint64_t spool_lost = 0;                           // for want of a disk
  absl::Time spool_oldest = absl::InfiniteFuture();  // of what waits
  bool connected = false;
  LinkCounters link;
  absl::Duration loop_lag;  // worst of the last minute
  size_t checks = 0;
  size_t runs_in_progress = 0;
  size_t problems = 0;
  std::optional<absl::Time> certificate_ends;  // in the file
};

class AgentMetrics {
 public:
  void Count(const Observation& observation);
  // One that the spool does not take, since the collector would not.
  void CountUnspoolable() { ++unspoolable_; }
  void SetUnclassified(uint64_t replies) { unclassified_ = replies; }
  void Reloaded(bool ok, absl::Time now);

  // Drops what was last seen of checks that are not in the list any more.
  void Keep(const std::vector<CheckSpec>& checks);

  // Text format 0.0.4. One series a check, so at most 50000 of a name.
  std::string Render(const AgentGauges& gauges) const;

 private:
  struct LastRun {
    std::string kind;
    std::string target;
    Outcome outcome = Outcome::kPass;
    absl::Duration took;
  };

  std::map<std::pair<std::string, Outcome>, uint64_t> observations_;  // by kind and outcome
  std::map<std::string, LastRun> last_;                               // by check id
  uint64_t unspoolable_ = 0;
  uint64_t unclassified_ = 0;
  bool reload_ok_ = true;
  absl::Time reloaded_;
};

}  // namespace postwatch::agent
