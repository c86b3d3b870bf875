// Pruning: has the store count what came in, and forget what it need not keep any longer, a bounded
// step at a time.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "absl/time/time.h"
#include "collector/store/store_thread.h"
#include "collector/store_trouble.h"
#include "common/base/clock.h"

namespace postwatch::collector {

// For how long; InfiniteDuration: for good.
struct Retention {
  absl::Duration observations, summaries, incidents;
};

// On the loop.
class Pruning {
 public:
  // All must outlive the store's thread.
  Pruning(boost::asio::any_io_executor loop, StoreThread& store, StoreTrouble& trouble,
          const Clock& clock, Retention retention);

  // Often; begins when it is time.
  void Tick();

 private:
  void Step(Horizon before);

  boost::asio::any_io_executor loop_;
  StoreThread& store_;
  StoreTrouble& trouble_;
  const Clock& clock_;
  const Retention retention_;
  absl::Duration last_;
};

}  // namespace postwatch::collector
