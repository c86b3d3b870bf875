#include "collector/unsaved_decisions.h"

#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxIncidents = 1000;
constexpr size_t kMaxDeliveries = 10000;
constexpr size_t kMaxLater = 1000;

void LeaveOut(std::string_view what, const std::string& id) {
  Log(LogLevel::kError, "too much waits for the store: this will never be stored",
      {{"what", std::string(what)}, {"id", id}});
}

}  // namespace

void UnsavedDecisions::AddLater(Decision decision) {
  absl::MutexLock lock(&mutex_);
  if (later_.size() >= kMaxLater) {
    for (const Incident& incident : decision.incidents) LeaveOut("incident", incident.id);
    for (const Delivery& delivery : decision.deliveries) LeaveOut("delivery", delivery.id);
    return;
  }
  later_.push_back(std::move(decision));
  waiting_ = true;
}

void UnsavedDecisions::TakeLater() {
  std::vector<Decision> later;
  {
    absl::MutexLock lock(&mutex_);
    later.swap(later_);
  }
  for (const Decision& decision : later) Add(decision);
}

void UnsavedDecisions::Add(const Decision& decision) {
  waiting_ = true;
  for (const Incident& incident : decision.incidents) {
    if (incidents_.size() >= kMaxIncidents && !incidents_.contains(incident.id)) {
      LeaveOut("incident", incident.id);
    } else {
      incidents_[incident.id] = incident;
    }
  }
  for (const Delivery& delivery : decision.deliveries) {
    if (deliveries_.size() >= kMaxDeliveries) {
      LeaveOut("delivery", delivery.id);
    } else if (deliveries_.emplace(delivery.id, delivery).second) {
      order_.push_back(delivery.id);
    }
  }
}

bool UnsavedDecisions::Record(const DeliveryOutcome& outcome) {
  TakeLater();
  if (!deliveries_.contains(outcome.delivery_id) && !outcomes_.contains(outcome.delivery_id)) {
    return false;
  }
  outcomes_[outcome.delivery_id] = outcome;
  return true;
}

absl::Status UnsavedDecisions::SaveTo(Store& store) {
  waiting_ = false;  // before looking, so that what comes later says so again
  absl::Status saved = SaveAll(store);
  if (!saved.ok()) waiting_ = true;
  return saved;
}

absl::Status UnsavedDecisions::SaveAll(Store& store) {
  TakeLater();
  if (!incidents_.empty() || !deliveries_.empty()) {
    Decision all;
    for (const auto& [id, incident] : incidents_) all.incidents.push_back(incident);
    for (const std::string& id : order_) all.deliveries.push_back(deliveries_.at(id));
    if (absl::Status saved = store.Commit(all); !saved.ok()) return saved;
    incidents_.clear();
    deliveries_.clear();
    order_.clear();
  }
  while (!outcomes_.empty()) {
    const auto& [id, outcome] = *outcomes_.begin();
    absl::Status recorded =
        store.RecordDelivery(id, outcome.settled, outcome.at, outcome.retry_at, outcome.error);
    if (!recorded.ok()) return recorded;
    outcomes_.erase(outcomes_.begin());
  }
  return absl::OkStatus();
}

}  // namespace postwatch::collector
