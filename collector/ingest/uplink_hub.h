// UplinkHub: what all streams of the uplink share: who is connected, the assignment, the counters.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "collector/ingest/assignment.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/peer_gate.h"
#include "collector/ingest/rate_limit.h"
#include "collector/ingest/rivals.h"
#include "common/base/secret.h"
#include "common/model/fleet_share.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::collector {

// What the hub does with a stream; each is thread-safe and never calls the hub from the same call.
class ConnectedAgent {
 public:
  virtual ~ConnectedAgent() = default;
  // A new assignment is there to be sent.
  virtual void AssignmentChanged() = 0;
  // Its part of the work, now that others came or went.
  virtual void SetShare(FleetShare share) = 0;
  // False when too many wait to be sent.
  virtual bool SendRunNow(const RunRequest& request) = 0;
  virtual void SendDrain(absl::Duration reconnect_after) = 0;
  // A newer stream of the same agent took its place.
  virtual void Replace() = 0;
  // Its certificate may have ended or been revoked.
  virtual void CheckCertificate() = 0;
};

// Thread-safe. Lock order: a stream's lock, then the hub's; so the hub calls streams unlocked.
class UplinkHub {
 public:
  UplinkHub(IngestEvents& events, const Clock& clock, IngestOptions options)
      : events_(events), clock_(clock), options_(std::move(options)) {}

  IngestEvents& events() { return events_; }
  const Clock& clock() const { return clock_; }
  const IngestOptions& options() const { return options_; }
  PeerGate& gate() { return gate_; }

  // A call came in. When OK, CloseStream must follow.
  absl::Status OpenStream();
  // The call is over; `agent` is empty if it never was admitted. Tells AgentGone unless a newer
  // stream of the agent is there.
  void CloseStream(const std::string& agent, const ConnectedAgent* stream);

  // From now on this is the agent's stream; the older one, if any, is told.
  void Admit(const AgentRecord& agent, const std::string& peer,
             std::shared_ptr<ConnectedAgent> stream);
  // Tells AgentHeard, with what the hub has to say of the agent among its problems.
  void Heard(const std::string& agent, HeartbeatFacts facts);

  // What every agent gets with its Welcome. The reference is resolved for each; neither of both
  // set: nothing. Before the first stream.
  void SetFleetKey(SecretReference fleet_key) { fleet_key_ = std::move(fleet_key); }
  v1::CollectorMessage Welcome(uint64_t acknowledged) const;

  std::shared_ptr<const Assignment> assignment() const;
  void SetAssignment(std::shared_ptr<const Assignment> assignment);
  bool RequestRun(const std::string& agent, const RunRequest& request);
  void Drain(absl::Duration reconnect_after);
  // Ends the streams whose certificates are good no more.
  void CheckCertificates();
  void AwaitNoStreams();

  void CountBatch(size_t observations, const std::vector<std::string_view>& refusals);
  void CountCommitted(size_t observations);
  void CountThrottled();
  // Counts a stream that we end with an error, and logs it, at most a line a second a peer.
  void ReportEnded(const std::string& peer, const std::string& agent, const absl::Status& status);
  IngestCounters counters() const;

 private:
  // Tells everybody its share.
  void ShareOut();

  bool Empty() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return counters_.streams == 0; }
  std::vector<std::shared_ptr<ConnectedAgent>> Everyone() const;

  IngestEvents& events_;
  const Clock& clock_;
  const IngestOptions options_;
  PeerGate gate_;
  SecretReference fleet_key_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<ConnectedAgent>> agents_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Assignment> assignment_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<Assignment>();
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  IngestCounters counters_ ABSL_GUARDED_BY(mutex_);
  Rivals rivals_ ABSL_GUARDED_BY(mutex_);
  LogLimiter log_limiter_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postwatch::collector
