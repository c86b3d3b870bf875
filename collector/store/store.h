// Store: the collector's memory. Synchronous and single-threaded; StoreThread gives it a thread of
// its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/model/alert.h"
#include "collector/model/fleet.h"
#include "collector/model/hour_summary.h"
#include "collector/model/incident.h"
#include "collector/model/sighting.h"

namespace postwatch::collector {

// Which observations to read; empty fields do not restrict.
struct ObservationQuery {
  std::string agent, target, check_id, outcome;
  absl::Time from = absl::InfinitePast();  // by time received
  absl::Time to = absl::InfiniteFuture();
  bool newest_first = true;
  int limit = 100;  // 1 to 100000
};

struct IncidentQuery {
  bool open_only = false;
  int limit = 100;  // the newest first
};

// Which hours to read; empty fields do not restrict, but target or check_id must be given.
struct HistoryQuery {
  std::string target, check_id, agent;
  absl::Time from = absl::InfinitePast();  // the hour that this is in, and later ones
  absl::Time to = absl::InfiniteFuture();  // hours that begin before
  int limit = 10000;                       // of summaries, 1 to 10000
};

// What may be forgotten: all that is older.
struct Horizon {
  absl::Time observations;                      // by when they were received
  absl::Time summaries = absl::InfinitePast();  // by their hour
  absl::Time incidents = absl::InfinitePast();  // resolved ones, by their end
};

// Everything one decision changes, committed together or not at all.
struct Decision {
  std::vector<Incident> incidents;  // inserted or replaced by id
  std::vector<Delivery>
      deliveries;  // new rows of the outbox; one whose id exists already is ignored
};

class Store {
 public:
  virtual ~Store() = default;

  // Commits all batches in one transaction, in order. Observations at or below the watermark of
  // their (agent, spool_id) are duplicates: they are not stored, and taken out of their batch.
  // After an error nothing is stored, and the batches are as they were.
  virtual absl::Status AppendAll(absl::Span<std::vector<Sighting>> batches) = 0;
  // The same for one batch; returns those that were new, in order.
  absl::StatusOr<std::vector<Sighting>> Append(std::vector<Sighting> sightings);
  // The highest sequence number stored for this spool; 0 when none.
  virtual absl::StatusOr<uint64_t> Watermark(const std::string& agent,
                                             const std::string& spool_id) = 0;
  virtual absl::StatusOr<std::vector<Sighting>> Observations(const ObservationQuery& query) = 0;

  // Summaries by the hour, of everything that was stored: they outlast the observations. At most
  // `limit`, whole hours, the oldest first. InvalidArgument for a query that names neither target
  // nor check, ResourceExhausted when a single hour has more than `limit`.
  virtual absl::StatusOr<History> Summaries(const HistoryQuery& query) = 0;

  virtual absl::Status Commit(const Decision& decision) = 0;
  virtual absl::StatusOr<std::vector<Incident>> Incidents(const IncidentQuery& query) = 0;
  virtual absl::StatusOr<std::optional<Incident>> FindIncident(const std::string& id) = 0;

  // Rows of the outbox not delivered yet, oldest first, at most `limit`.
  virtual absl::StatusOr<std::vector<Delivery>> PendingDeliveries(int limit) = 0;
  // The outcome of one try: delivered, or due again at `retry_at`. `error` is kept for people.
  virtual absl::Status RecordDelivery(const std::string& delivery_id, bool delivered, absl::Time at,
                                      absl::Time retry_at, const std::string& error) = 0;
  // The last alert decided for each open incident: what the alert policy continues from after a
  // restart.
  virtual absl::StatusOr<std::vector<Alert>> LastAlerts() = 0;

  virtual absl::Status SaveAgent(const AgentRecord& agent) = 0;
  virtual absl::StatusOr<std::vector<AgentRecord>> Agents() = 0;
  // The agent's record only: what it saw and its watermarks stay. OK when there is none.
  virtual absl::Status ForgetAgent(const std::string& agent) = 0;

  // Uses up a join token: true once for each id, false ever after, also after a crash. `expires` is
  // when nobody takes the token any more, and so how long its id must be kept.
  virtual absl::StatusOr<bool> SpendToken(const std::string& id, absl::Time expires) = 0;

  // Counts new observations into the summaries of their hours, each exactly once, and forgets what
  // is older than the horizon, in bounded steps; true when there is more to do. No observation is
  // forgotten before it was counted. Alerts of resolved incidents that were delivered, and tokens
  // that expired, go with the observations. Watermarks, open incidents and agents stay.
  virtual absl::StatusOr<bool> Prune(const Horizon& before) = 0;

  // Commits so many bytes and takes them back, to find out whether the store can be written:
  // nothing that can be read changes.
  virtual absl::Status ProveWritable(int bytes) = 0;
};

inline absl::StatusOr<std::vector<Sighting>> Store::Append(std::vector<Sighting> sightings) {
  absl::Status appended = AppendAll(absl::MakeSpan(&sightings, 1));
  if (!appended.ok()) return appended;
  return sightings;
}

}  // namespace postwatch::collector
