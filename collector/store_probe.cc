#include "collector/store_probe.h"

#include <algorithm>
#include <utility>

namespace postwatch::collector {
namespace {

constexpr absl::Duration kIdle = absl::Seconds(10);
constexpr absl::Duration kWhileFailing = absl::Seconds(5);
constexpr int kBytes = 4096;
// Where there was no room, a few bytes prove nothing: this much is what many agents send at once.
constexpr int kBytesWhileFull = 1 << 20;

}  // namespace

StoreProbe::StoreProbe(StoreThread& store, StoreTrouble& trouble, const Clock& clock,
                       std::function<void(Store&)> on_writable)
    : store_(store),
      trouble_(trouble),
      clock_(clock),
      on_writable_(std::move(on_writable)),
      asked_(clock.Steady()) {}

void StoreProbe::Tick() {
  if (waiting_) return;
  const absl::Duration now = clock_.Steady();
  const bool failing = !trouble_.status().ok();
  const absl::Duration last = failing ? asked_ : std::max(asked_, trouble_.last_commit());
  if (now - last < (failing ? kWhileFailing : kIdle)) return;
  asked_ = now;
  waiting_ = true;
  trouble_.Asked();
  const int bytes = trouble_.full() ? kBytesWhileFull : kBytes;
  const absl::Status accepted = store_.Run([this, bytes](Store& store) {
    const absl::Status proven = store.ProveWritable(bytes);
    waiting_ = false;
    if (!proven.ok()) return trouble_.Failed("proving that the store can be written", proven);
    trouble_.Works();
    on_writable_(store);
  });
  if (accepted.ok()) return;
  waiting_ = false;
  trouble_.Failed("proving that the store can be written", accepted);
}

}  // namespace postwatch::collector
