// StoreProbe: has the store prove that it can be written when nobody else does.
#pragma once

#include <atomic>
#include <functional>

#include "absl/time/time.h"
#include "collector/store/store_thread.h"
#include "collector/store_trouble.h"
#include "common/base/clock.h"

namespace postwatch::collector {

// On the loop.
class StoreProbe {
 public:
  // `on_writable` is called on the store's thread after each proof. All must outlive that thread.
  StoreProbe(StoreThread& store, StoreTrouble& trouble, const Clock& clock,
             std::function<void(Store&)> on_writable);

  // Often; asks when nothing was committed for ten seconds, and every five while the store fails.
  void Tick();

 private:
  StoreThread& store_;
  StoreTrouble& trouble_;
  const Clock& clock_;
  const std::function<void(Store&)> on_writable_;
  absl::Duration asked_;
  std::atomic<bool> waiting_ = false;  // for an answer: a store that hangs is not asked again
};

}  // namespace postwatch::collector
