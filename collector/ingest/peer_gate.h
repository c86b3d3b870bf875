// PeerGate: which certificates get in: those that are an identity, have not ended, and were not
// revoked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/pki/identity.h"
#include "common/pki/revocation_list.h"

namespace postwatch::collector {

// Thread-safe.
class PeerGate {
 public:
  // `certificate` (PEM) is that of a peer whose chain TLS has verified; "" when it has shown none.
  // Unauthenticated, and why, for one that does not get in.
  absl::StatusOr<IdentityCertificate> Admit(std::string_view certificate, absl::Time now) const;

  // Whether one that got in may stay.
  absl::Status Check(const IdentityCertificate& peer, absl::Time now) const;

  // RevocationList::AgentRevokedAt.
  std::optional<absl::Time> AgentRevokedAt(std::string_view agent) const;

  // From now on these are revoked too; what was revoked before stays so, whatever a later list
  // says. How many of those that were are not in `list`, or only as of an earlier time.
  size_t AddRevocations(const RevocationList& list);

 private:
  std::shared_ptr<const RevocationList> revoked() const;

  mutable absl::Mutex mutex_;
  std::shared_ptr<const RevocationList> revoked_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<RevocationList>();
};

}  // namespace postwatch::collector
