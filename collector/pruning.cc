#include "collector/pruning.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace postwatch::collector {
namespace {

constexpr absl::Duration kEvery = absl::Minutes(10);

}  // namespace

Pruning::Pruning(boost::asio::any_io_executor loop, StoreThread& store, StoreTrouble& trouble,
                 const Clock& clock, Retention retention)
    : loop_(std::move(loop)),
      store_(store),
      trouble_(trouble),
      clock_(clock),
      retention_(retention),
      last_(clock.Steady()) {}

void Pruning::Tick() {
  if (clock_.Steady() - last_ < kEvery) return;
  last_ = clock_.Steady();
  const absl::Time now = clock_.Now();
  Step({.observations = now - retention_.observations,
        .summaries = now - retention_.summaries,
        .incidents = now - retention_.incidents});
}

// Ingest is not kept waiting: each step goes behind what came in meanwhile.
void Pruning::Step(Horizon before) {
  const absl::Status accepted = store_.Run([this, before](Store& store) {
    const absl::StatusOr<bool> more = store.Prune(before);
    if (!more.ok()) {
      trouble_.Failed("forgetting old observations", more.status());
    } else if (*more) {
      boost::asio::post(loop_, [this, before] { Step(before); });
    }
  });
  if (!accepted.ok()) trouble_.Failed("forgetting old observations", accepted);
}

}  // namespace postwatch::collector
