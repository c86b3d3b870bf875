// Lease: which of the collectors on one store may act, and the fence that keeps the others' writes
// out of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace postwatch::collector {

struct LeaseOptions {
  // Names the collector to people, and must be its own: of this process, not of the machine.
  std::string holder;
  absl::Duration term = absl::Seconds(6);  // how long it holds without being renewed
};

struct LeaseState {
  bool ours = false;
  uint64_t epoch = 0;  // grows from holder to holder and never comes back
  std::string holder;
  // Ours: until when to act, by Clock::Steady; begins before the store was asked, so that it ends
  // here first. Another's: how long it will hold if it is not renewed.
  absl::Duration until;
};

// What a lease tells the store it was opened with: the epoch that each write is to be checked
// against. 0: none is held. Thread-safe.
class Fence {
 public:
  void Hold(uint64_t epoch) { epoch_ = epoch; }
  void Drop() { epoch_ = 0; }
  uint64_t epoch() const { return epoch_; }

 private:
  std::atomic<uint64_t> epoch_ = 0;
};

// At most one collector at a time holds it, by the clock of the store. A write of one that no
// longer does is Aborted, even when it was under way: it commits before the next epoch begins or
// not at all. What is not a write (sending an alert) is the holder's to stop at `until`.
//
// Whoever has lost it must forget all it decided: it begins anew with what the store holds, best by
// ending the process. Blocks, for some seconds at most; use from one thread.
class Lease {
 public:
  virtual ~Lease() = default;

  // Takes it when nobody holds it, or keeps it when it is ours. Another's is no error.
  virtual absl::StatusOr<LeaseState> Acquire() = 0;

  // Holds it for another term; ask about three times a term. Aborted: it is another's, for good.
  // Any other error: could not ask; it is ours until the last `until`.
  virtual absl::StatusOr<LeaseState> Renew() = 0;

  // Lets go of it, so that another need not wait. Nothing to do when it is not ours.
  virtual absl::Status Release() = 0;
};

}  // namespace postwatch::collector
