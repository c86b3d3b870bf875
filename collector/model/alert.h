// Alert: something a person must be told about an incident.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "collector/model/incident.h"

namespace postwatch::collector {

enum class AlertEvent { kOpened, kChanged, kReminder, kResolved };
std::string_view AlertEventName(AlertEvent event);  // "opened", "changed", "reminder", "resolved"

struct Alert {
  std::string id;  // unique: incident id, event and a counter; the same decision has the same id
  AlertEvent event = AlertEvent::kOpened;
  std::string dedup_key;  // "postwatch:<incident id>": the same for the incident's whole life
  Incident incident;      // as it was when the alert was decided
  absl::Time decided;
};

// One alert on its way to one sink; a row of the outbox.
struct Delivery {
  std::string id;  // "<alert id>/<sink name>": the receiver's idempotency key
  std::string sink;
  Alert alert;
  int attempts = 0;
  absl::Time due;
};

}  // namespace postwatch::collector
