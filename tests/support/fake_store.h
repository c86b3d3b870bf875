// FakeStore: a Store in front of another one that can be told to fail, to wait, and to count.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// The controls may be used from any thread, the Store part from one at a time.
class FakeStore : public Store {
 public:
  // `behind` does the work.
  explicit FakeStore(std::unique_ptr<Store> behind) : behind_(std::move(behind)) {}

  // Every Append, Commit, SpendToken and ProveWritable answers this until it is set back to OK.
  void FailWrites(absl::Status status);
  // While held, Append waits inside; Release lets it go on.
  void Hold();
  void Release();
  // Until an Append is waiting inside.
  void AwaitHeld();
  // How many sightings each Append so far was about, all its batches together.
  std::vector<size_t> appends() const;

  absl::Status AppendAll(absl::Span<std::vector<Sighting>> batches) override;
  absl::StatusOr<uint64_t> Watermark(const std::string& agent,
                                     const std::string& spool_id) override;
  absl::StatusOr<std::vector<Sighting>> Observations(const ObservationQuery& query) override;
  absl::Status Commit(const Decision& decision) override;
  absl::StatusOr<std::vector<Incident>> Incidents(const IncidentQuery& query) override;
  absl::StatusOr<std::optional<Incident>> FindIncident(const std::string& id) override;
  absl::StatusOr<std::vector<Delivery>> PendingDeliveries(int limit) override;
  absl::Status RecordDelivery(const std::string& delivery_id, bool delivered, absl::Time at,
                              absl::Time retry_at, const std::string& error) override;
  absl::StatusOr<std::vector<Alert>> LastAlerts() override;
  absl::Status SaveAgent(const AgentRecord& agent) override;
  absl::StatusOr<std::vector<AgentRecord>> Agents() override;
  absl::Status ForgetAgent(const std::string& agent) override;
  absl::StatusOr<bool> SpendToken(const std::string& id, absl::Time expires) override;
  absl::StatusOr<History> Summaries(const HistoryQuery& query) override;
  absl::StatusOr<bool> Prune(const Horizon& before) override;
  absl::Status ProveWritable(int bytes) override;

 private:
  bool NotHeld() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !held_; }
  bool IsWaiting() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return waiting_; }
  absl::Status Failure() const;

  std::unique_ptr<Store> behind_;
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<size_t> appends_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postwatch::collector
