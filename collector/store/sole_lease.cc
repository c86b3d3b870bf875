#include "collector/store/sole_lease.h"

namespace postwatch::collector {
namespace {

class SoleLease : public Lease {
 public:
  explicit SoleLease(std::string holder) : state_{true, 1, std::move(holder)} {
    state_.until = absl::InfiniteDuration();
  }

  absl::StatusOr<LeaseState> Acquire() override { return state_; }
  absl::StatusOr<LeaseState> Renew() override { return state_; }
  absl::Status Release() override { return absl::OkStatus(); }

 private:
  LeaseState state_;
};

}  // namespace

std::unique_ptr<Lease> MakeSoleLease(std::string holder) {
  return std::make_unique<SoleLease>(std::move(holder));
}

}  // namespace postwatch::collector
