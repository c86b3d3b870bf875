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
#include "collector/seen_ahead.h"
#include "collector/store/store_thread.h"
#include "collector/store_trouble.h"

namespace postwatch::collector {

// Observations are committed, then thought through, then acknowledged: agents never run ahead of
// the engine. While the store is full they are thought through and not acknowledged: alerts go out,
// and agents keep what they have for when there is room.
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
  void BatchBehind(std::vector<Sighting> sightings,
                   std::function<void(absl::Status)> done) override;

  // Observations that were thought through and not stored, again each time they came. On the loop.
  uint64_t unstored() const { return unstored_; }

 private:
  // On the loop.
  void Connected(AgentRecord record);
  void Heard(const std::string& agent, const HeartbeatFacts& facts);
  void Gone(const std::string& agent);
  void Save(const AgentRecord& record);
  // From any thread: thought through on the loop, then `done` with that.
  void SeeUnstored(std::vector<Sighting> sightings, absl::Status answer,
                   std::function<void(absl::Status)> done);

  const boost::asio::any_io_executor loop_;
  StoreThread& store_;
  StoreTrouble& trouble_;
  Engine& engine_;
  // Of the loop.
  ProblemLog problem_log_;
  SeenAhead ahead_;
  uint64_t unstored_ = 0;
  std::map<std::string, absl::Time> saved_;  // when each agent's record was last stored
};

}  // namespace postwatch::collector
