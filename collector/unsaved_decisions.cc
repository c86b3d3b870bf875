#include "collector/unsaved_decisions.h"

#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxIncidents = 1000;
constexpr size_t kMaxDeliveries = 10000;

void LeaveOut(std::string_view what, const std::string& id) {
  Log(LogLevel::kError, "too much waits for the store: this will never be stored",
      {{"what", std::string(what)}, {"id", id}});
}

}  // namespace

void UnsavedDecisions::Add(const Decision& decision) {
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
  if (!deliveries_.contains(outcome.delivery_id)) return false;
  outcomes_[outcome.delivery_id] = outcome;
  return true;
}

absl::Status UnsavedDecisions::SaveTo(Store& store) {
  if (incidents_.empty() && deliveries_.empty()) return absl::OkStatus();
  Decision all;
  for (const auto& [id, incident] : incidents_) all.incidents.push_back(incident);
  for (const std::string& id : order_) all.deliveries.push_back(deliveries_.at(id));
  if (absl::Status saved = store.Commit(all); !saved.ok()) return saved;
  incidents_.clear();
  deliveries_.clear();
  order_.clear();
  absl::Status status;
  for (const auto& [id, outcome] : std::exchange(outcomes_, {})) {
    status.Update(
        store.RecordDelivery(id, outcome.settled, outcome.at, outcome.retry_at, outcome.error));
  }
  return status;
}

}  // namespace postwatch::collector
