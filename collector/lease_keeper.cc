#include "collector/lease_keeper.h"

#include <chrono>
#include <limits>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr absl::Duration kRenewEvery = absl::Seconds(2);
constexpr absl::Duration kAskAgain = absl::Milliseconds(250);  // after no answer
constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();

// absl's conversion has an infinite duration as the greatest number.
int64_t Nanoseconds(absl::Duration duration) { return absl::ToInt64Nanoseconds(duration); }

}  // namespace

LeaseKeeper::LeaseKeeper(std::unique_ptr<Lease> lease, const LeaseState& state, const Clock& clock)
    : lease_(std::move(lease)), clock_(clock), until_(Nanoseconds(state.until)) {
  if (until_ != kNoEnd) thread_ = std::thread([this] { Loop(); });
}

LeaseKeeper::~LeaseKeeper() { End(); }

void LeaseKeeper::WhenLost(std::function<void(const absl::Status&)> on_lost) {
  const std::lock_guard lock(mu_);
  on_lost_ = std::move(on_lost);
  if (!lost_.ok()) on_lost_(lost_);
}

bool LeaseKeeper::Holds() const { return Nanoseconds(clock_.Steady()) < until_; }

void LeaseKeeper::End() {
  {
    const std::lock_guard lock(mu_);
    if (std::exchange(ending_, true)) return;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  until_ = 0;
  const absl::Status released = lease_->Release();
  if (!released.ok()) {
    Log(LogLevel::kWarn, "could not let go of the store's lease; it ends by itself",
        {{"error", std::string(FromAbsl(released.message()))}});
  }
}

void LeaseKeeper::Loop() {
  absl::Duration wait = kRenewEvery;
  while (Sleep(wait)) {
    const absl::Status renewed = Renew();
    if (renewed.ok()) {
      wait = kRenewEvery;
    } else if (absl::IsAborted(renewed) || !Holds()) {
      return Lost(renewed);
    } else {
      wait = kAskAgain;
      Log(LogLevel::kWarn, "could not renew the store's lease; asking again",
          {{"error", std::string(FromAbsl(renewed.message()))}});
    }
  }
}

void LeaseKeeper::Lost(const absl::Status& why) {
  until_ = 0;
  const std::lock_guard lock(mu_);
  lost_ = why;
  if (on_lost_ && !ending_) on_lost_(lost_);
}

absl::Status LeaseKeeper::Renew() {
  const absl::StatusOr<LeaseState> state = lease_->Renew();
  if (state.ok()) until_ = Nanoseconds(state->until);
  return state.status();
}

bool LeaseKeeper::Sleep(absl::Duration duration) {
  std::unique_lock lock(mu_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(duration), [this] { return ending_; });
}

}  // namespace postwatch::collector
