// UnsavedDecisions: what was decided and told while the store could not be written, until it can.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "collector/alert/outbox.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// At most 1000 incidents and 10000 deliveries are kept; what is more is left out, and logged. On
// the store's thread but where said otherwise.
class UnsavedDecisions {
 public:
  // The store does not have these. An incident takes the place of what it was before.
  void Add(const Decision& decision);
  // The same from any thread, when the store's has too much to do: looked at by the next SaveTo. At
  // most 1000 wait so.
  void AddLater(Decision decision);
  // Whether the delivery is one of these; then the outcome is kept too.
  bool Record(const DeliveryOutcome& outcome);
  // All in one transaction, then the outcomes. After an error they stay.
  absl::Status SaveTo(Store& store);
  // Whether there is something to save. From any thread.
  bool waiting() const { return waiting_; }

 private:
  absl::Status SaveAll(Store& store);
  void TakeLater();

  absl::Mutex mutex_;
  std::vector<Decision> later_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> waiting_ = false;
  std::map<std::string, Incident> incidents_;        // by id
  std::map<std::string, Delivery> deliveries_;       // by id
  std::vector<std::string> order_;                   // of the deliveries
  std::map<std::string, DeliveryOutcome> outcomes_;  // the last of each delivery
};

}  // namespace postwatch::collector
