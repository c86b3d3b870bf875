#include "collector/ingest/peer_gate.h"

#include <utility>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<IdentityCertificate> PeerGate::Admit(std::string_view certificate,
                                                    absl::Time now) const {
  if (certificate.empty()) {
    return absl::UnauthenticatedError(
        "a client certificate is needed; `postwatch-agent join` gets one");
  }
  absl::StatusOr<IdentityCertificate> peer = ParseIdentityCertificate(certificate);
  if (!peer.ok()) return absl::UnauthenticatedError(peer.status().message());
  absl::Status good = Check(*peer, now);
  if (!good.ok()) return good;
  return peer;
}

absl::Status PeerGate::Check(const IdentityCertificate& peer, absl::Time now) const {
  if (now >= peer.not_after) {
    return absl::UnauthenticatedError(
        Concat("the certificate ended ", TimeText(peer.not_after), "; come with a newer one"));
  }
  const std::optional<absl::Time> revoked = this->revoked()->RevokedAt(peer);
  if (!revoked) return absl::OkStatus();
  return absl::UnauthenticatedError(Concat("the certificate was revoked ", TimeText(*revoked),
                                           "; the agent must join anew with a new token"));
}

std::optional<absl::Time> PeerGate::AgentRevokedAt(std::string_view agent) const {
  return revoked()->AgentRevokedAt(agent);
}

size_t PeerGate::AddRevocations(const RevocationList& list) {
  auto next = std::make_shared<RevocationList>(list);
  absl::MutexLock lock(&mutex_);
  const size_t lacking = next->Include(*revoked_);
  revoked_ = std::move(next);
  return lacking;
}

std::shared_ptr<const RevocationList> PeerGate::revoked() const {
  absl::MutexLock lock(&mutex_);
  return revoked_;
}

}  // namespace postwatch::collector
