#include "tests/support/fake_store.h"

namespace postwatch::collector {

void FakeStore::FailWrites(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failure_ = std::move(status);
}

void FakeStore::Hold() {
  absl::MutexLock lock(&mutex_);
  held_ = true;
}

void FakeStore::Release() {
  absl::MutexLock lock(&mutex_);
  held_ = false;
}

void FakeStore::AwaitHeld() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &FakeStore::IsWaiting));
}

std::vector<size_t> FakeStore::appends() const {
  absl::MutexLock lock(&mutex_);
  return appends_;
}

absl::Status FakeStore::Failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

absl::Status FakeStore::AppendAll(absl::Span<std::vector<Sighting>> batches) {
  size_t sightings = 0;
  for (const std::vector<Sighting>& batch : batches) sightings += batch.size();
  {
    absl::MutexLock lock(&mutex_);
    appends_.push_back(sightings);
    waiting_ = true;
    mutex_.Await(absl::Condition(this, &FakeStore::NotHeld));
    waiting_ = false;
    if (!failure_.ok()) return failure_;
  }
  return behind_->AppendAll(batches);
}

absl::Status FakeStore::Commit(const Decision& decision) {
  absl::Status failure = Failure();
  return failure.ok() ? behind_->Commit(decision) : failure;
}

absl::StatusOr<uint64_t> FakeStore::Watermark(const std::string& agent,
                                              const std::string& spool_id) {
  return behind_->Watermark(agent, spool_id);
}

absl::StatusOr<std::vector<Sighting>> FakeStore::Observations(const ObservationQuery& query) {
  return behind_->Observations(query);
}

absl::StatusOr<std::vector<Incident>> FakeStore::Incidents(const IncidentQuery& query) {
  return behind_->Incidents(query);
}

absl::StatusOr<std::optional<Incident>> FakeStore::FindIncident(const std::string& id) {
  return behind_->FindIncident(id);
}

absl::StatusOr<std::vector<Delivery>> FakeStore::PendingDeliveries(int limit) {
  return behind_->PendingDeliveries(limit);
}

absl::Status FakeStore::RecordDelivery(const std::string& delivery_id, bool delivered,
                                       absl::Time at, absl::Time retry_at,
                                       const std::string& error) {
  return behind_->RecordDelivery(delivery_id, delivered, at, retry_at, error);
}

absl::StatusOr<std::vector<Alert>> FakeStore::LastAlerts() { return behind_->LastAlerts(); }

absl::Status FakeStore::SaveAgent(const AgentRecord& agent) { return behind_->SaveAgent(agent); }

absl::StatusOr<std::vector<AgentRecord>> FakeStore::Agents() { return behind_->Agents(); }

absl::Status FakeStore::ForgetAgent(const std::string& agent) {
  return behind_->ForgetAgent(agent);
}

absl::StatusOr<bool> FakeStore::SpendToken(const std::string& id, absl::Time expires) {
  absl::Status failure = Failure();
  if (!failure.ok()) return failure;
  return behind_->SpendToken(id, expires);
}

absl::StatusOr<History> FakeStore::Summaries(const HistoryQuery& query) {
  return behind_->Summaries(query);
}

absl::StatusOr<bool> FakeStore::Prune(const Horizon& before) { return behind_->Prune(before); }

absl::Status FakeStore::ProveWritable(int bytes) {
  absl::Status failure = Failure();
  return failure.ok() ? behind_->ProveWritable(bytes) : failure;
}

}  // namespace postwatch::collector
