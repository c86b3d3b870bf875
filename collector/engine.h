// Engine: the order of things. Read this first: what happens to an observation once it is stored.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/alert/alert_pipeline.h"
#include "collector/board_keeper.h"
#include "collector/correlate/correlator.h"
#include "collector/model/board.h"
#include "collector/store/store.h"
#include "common/base/clock.h"

namespace postwatch::collector {

// What the engine asks of the world around it. Every call returns at once.
class EngineOutput {
 public:
  virtual ~EngineOutput() = default;
  // Commit durably, then send; the deliveries must not leave before the commit.
  virtual void Carry(Decision decision) = 0;
  // Ask an agent to run checks now. Lost when it is not connected.
  virtual void RequestRun(const std::string& agent, const std::string& request_id,
                          const std::vector<std::string>& check_ids) = 0;
};

// What survives a restart, read back from the store.
struct EngineState {
  std::vector<Incident> open;
  std::vector<Alert> last_alerts;
  std::vector<AgentRecord> agents;
  std::vector<Sighting> recent;  // oldest first, received within the correlator's evidence window
  // What came in before, and still shows on the board: it is no evidence any more.
  std::vector<Sighting> earlier;
  std::vector<Incident> recently_resolved;
};

struct EngineCounters {
  uint64_t sightings = 0;
  uint64_t incidents_opened = 0;
  uint64_t alerts = 0;  // deliveries decided: one a sink
  uint64_t confirmations = 0;
};

// One thread calls everything here (the event loop): correlate -> incident -> alert -> carry out.
class Engine : public BoardSource {
 public:
  Engine(std::unique_ptr<Correlator> correlator, AlertPipeline alerts, const Clock& clock,
         EngineOutput& output);

  void SetPlan(const FleetPlan& plan);
  const FleetPlan& plan() const { return plan_; }

  // Before anything else. The recent sightings count as evidence again, so that a decision that was
  // lost between the commit of its evidence and its own commit is made at the next tick. Those of
  // an agent that is not among `agents` are left out: it was forgotten.
  void Restore(EngineState state);

  void AgentChanged(const AgentRecord& agent);
  // It is not coming back: nobody waits for it any more, and what it saw last does not count.
  void ForgetAgent(const std::string& agent);

  // Sightings that the store has committed, in its order.
  void Observed(const std::vector<Sighting>& sightings);

  // At least every second.
  void Tick();

  Board Current() const override;
  FindingList CurrentFindings() const override;
  const EngineCounters& counters() const { return counters_; }
  const BoardKeeper& keeper() const { return keeper_; }

 private:
  void CarryOut(Findings findings, absl::Time now);
  void Remember(const Incident& incident);

  std::unique_ptr<Correlator> correlator_;
  AlertPipeline alerts_;
  const Clock& clock_;
  EngineOutput& output_;
  BoardKeeper keeper_;
  FleetPlan plan_;
  std::map<std::string, Incident> open_;  // by id
  EngineCounters counters_;
  uint64_t next_request_ = 1;
};

}  // namespace postwatch::collector
