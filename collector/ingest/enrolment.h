// Enrolment: gives agents their certificates: the first for a join token, the next for the last.
#pragma once

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "collector/ingest/peer_gate.h"
#include "collector/ingest/rate_limit.h"
#include "common/base/clock.h"
#include "common/pki/ca.h"
#include "common/pki/identity.h"
#include "postwatch/v1/enrollment.pb.h"

namespace postwatch::collector {

// What certificates are made with.
struct EnrolmentKeys {
  IssuedCertificate authority;
  std::string trusted;  // PEM: the authorities that the collector trusts
};

struct EnrolmentSources {
  // Called for each certificate, so that keys can change; on any thread, several at once.
  std::function<absl::StatusOr<EnrolmentKeys>()> keys;
  // Store::SpendToken. `done` comes once, on any thread, possibly at once.
  std::function<void(const std::string& id, absl::Time expires,
                     std::function<void(absl::StatusOr<bool>)> done)>
      spend_token;
};

// Thread-safe. Errors are those of enrollment.proto.
class Enrolment {
 public:
  // `gate` and `clock` outlive it, and the last `done`.
  Enrolment(EnrolmentSources sources, absl::Duration lifetime, const PeerGate& gate,
            const Clock& clock);

  // `from` is where the caller comes from (PeerNetwork): it may try ten times at once and once
  // every six seconds. A token is spent when everything else is good, and just before the answer:
  // an answer that gets lost costs the token. `done` comes once.
  void Join(const v1::JoinRequest& request, const std::string& from,
            std::function<void(absl::StatusOr<v1::JoinReply>)> done);

  // `peer` has got in (PeerGate) and is an agent. What it gets is for itself, and enrolled when the
  // old one was. An agent may renew ten times at once and once every ten minutes, or twelve times
  // in `lifetime` if that is more.
  absl::StatusOr<v1::RenewReply> Renew(const v1::RenewRequest& request,
                                       const IdentityCertificate& peer);

 private:
  absl::StatusOr<EnrolmentKeys> LoadKeys() const;
  absl::StatusOr<std::string> Issue(const EnrolmentKeys& keys, const std::string& request,
                                    const PeerIdentity& identity, absl::Time enrolled) const;

  const EnrolmentSources sources_;
  const absl::Duration lifetime_;
  const PeerGate& gate_;
  const Clock& clock_;
  absl::Mutex mutex_;
  AttemptLimiter joins_ ABSL_GUARDED_BY(mutex_);
  AttemptLimiter renewals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postwatch::collector
