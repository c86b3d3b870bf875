// UplinkIntake: brings what agents say from gRPC's threads to the store and the engine.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "collector/engine.h"
#include "collector/ingest/ingest.h"
#include "collector/problem_log.h"
#include "collector/store/store_thread.h"
#include "collector/store_trouble.h"

namespace postwatch::collector {

// Observations are committed, then thought through, then acknowledged: agents never run ahead of
// the engine.
class UplinkIntake : public IngestEvents {
 public:
  // `loop` is the engine's. All must outlive the ingest's end and the store's thread.
  UplinkIntake(boost::asio::any_io_executor loop, StoreThread& store, StoreTrouble& trouble,
               Engine& engine);

  void AgentConnected(const AgentRecord& agent) override;
  void AgentHeard(const std::string& agent, const HeartbeatFacts& facts) override;
  void AgentGone(const std::string& agent) override;
  void FindWatermark(const std::string& agent, const std::string& spool_id,
                     std::function<void(absl::StatusOr<uint64_t>)> done) override;
  void BatchReceived(std::vector<Sighting> sightings,
                     std::function<void(absl::Status)> done) override;

 private:
  // On the loop.
  void Connected(AgentRecord record);
  void Heard(const std::string& agent, const HeartbeatFacts& facts);
  void Gone(const std::string& agent);
  void Save(const AgentRecord& record);

  const boost::asio::any_io_executor loop_;
  StoreThread& store_;
  StoreTrouble& trouble_;
  Engine& engine_;
  // Of the loop.
  ProblemLog problem_log_;
  std::map<std::string, absl::Time> saved_;  // when each agent's record was last stored
};

}  // namespace postwatch::collector
