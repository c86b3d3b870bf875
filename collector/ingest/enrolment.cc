#include "collector/ingest/enrolment.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/certificate_request.h"
#include "common/pki/join_token.h"
#include "common/wire/bounds.h"

namespace postwatch::collector {
namespace {

constexpr int kBurst = 10;
constexpr absl::Duration kJoinEvery = absl::Seconds(6);
constexpr absl::Duration kRenewEvery = absl::Minutes(10);
constexpr int kRenewalsALife = 12;  // of a certificate that lives shorter than two hours

absl::Status CheckBounds(const v1::JoinRequest& request) {
  Bounds bounds("join");
  bounds.Length("token", request.token(), 0, kMaxJoinTokenBytes);
  bounds.Length("certificate_request", request.certificate_request(), 0,
                kMaxCertificateRequestBytes);
  return bounds.status();
}

absl::Status TooMany(std::string_view what) {
  return absl::ResourceExhaustedError(Concat("too many tries to ", what, "; wait a minute"));
}

// Whoever has the token is not who it was made for, or somebody else has used it before.
absl::Status UsedBefore(const PeerIdentity& agent) {
  return absl::UnauthenticatedError(
      Concat("the token was used before. If that was not you, somebody else is agent ", agent.name,
             " now: `postwatch ca revoke agent ", agent.name,
             "`, and give the agent a new token in a safer way"));
}

}  // namespace

Enrolment::Enrolment(EnrolmentSources sources, absl::Duration lifetime, const PeerGate& gate,
                     const Clock& clock)
    : sources_(std::move(sources)),
      lifetime_(lifetime),
      gate_(gate),
      clock_(clock),
      joins_(kBurst, kJoinEvery),
      renewals_(kBurst, std::min(kRenewEvery, lifetime / kRenewalsALife)) {}

absl::StatusOr<EnrolmentKeys> Enrolment::LoadKeys() const {
  absl::StatusOr<EnrolmentKeys> keys = sources_.keys();
  if (keys.ok()) return keys;
  // Which file it is concerns us, not who asks.
  Log(LogLevel::kError, "cannot issue certificates",
      {{"error", std::string(FromAbsl(keys.status().message()))}});
  return absl::UnavailableError("the collector cannot issue certificates now; its log says why");
}

absl::StatusOr<std::string> Enrolment::Issue(const EnrolmentKeys& keys, const std::string& request,
                                             const PeerIdentity& identity,
                                             absl::Time enrolled) const {
  IdentityRequest wanted{.identity = identity, .lifetime = lifetime_, .enrolled = enrolled};
  return IssueFromRequest(keys.authority, request, std::move(wanted), clock_.Now());
}

void Enrolment::Join(const v1::JoinRequest& request, const std::string& from,
                     std::function<void(absl::StatusOr<v1::JoinReply>)> done) {
  {
    absl::MutexLock lock(&mutex_);
    if (!joins_.Allow(from, clock_.Steady())) return done(TooMany("join"));
  }
  if (absl::Status fine = CheckBounds(request); !fine.ok()) return done(fine);
  absl::StatusOr<EnrolmentKeys> keys = LoadKeys();
  if (!keys.ok()) return done(keys.status());
  v1::JoinReply reply;
  reply.set_authorities(keys->trusted);
  if (request.token().empty()) return done(std::move(reply));
  const absl::StatusOr<JoinToken> token =
      VerifyJoinToken(request.token(), keys->authority.certificate, clock_.Now());
  if (!token.ok()) return done(token.status());
  const std::optional<absl::Time> revoked = gate_.AgentRevokedAt(token->identity.name);
  if (revoked && token->made <= *revoked) {
    return done(absl::UnauthenticatedError(
        Concat("agent ", token->identity.name, " was revoked after this token was made")));
  }
  absl::StatusOr<std::string> certificate =
      Issue(*keys, request.certificate_request(), token->identity, token->made);
  if (!certificate.ok()) return done(certificate.status());
  reply.set_certificate(*std::move(certificate));
  sources_.spend_token(token->id, token->expires,
                       [agent = token->identity, from, reply = std::move(reply),
                        done = std::move(done)](const absl::StatusOr<bool>& spent) {
                         if (!spent.ok()) {
                           return done(absl::UnavailableError(
                               "the collector cannot write down that the token is "
                               "used; try again later with the same one"));
                         }
                         if (!*spent) return done(UsedBefore(agent));
                         Log(LogLevel::kInfo, "an agent joined",
                             {{"agent", agent.name}, {"region", agent.region}, {"from", from}});
                         done(reply);
                       });
}

absl::StatusOr<v1::RenewReply> Enrolment::Renew(const v1::RenewRequest& request,
                                                const IdentityCertificate& peer) {
  {
    absl::MutexLock lock(&mutex_);
    if (!renewals_.Allow(peer.identity.name, clock_.Steady())) return TooMany("renew");
  }
  absl::StatusOr<EnrolmentKeys> keys = LoadKeys();
  if (!keys.ok()) return keys.status();
  absl::StatusOr<std::string> certificate =
      Issue(*keys, request.certificate_request(), peer.identity, peer.enrolled);
  if (!certificate.ok()) return certificate.status();
  Log(LogLevel::kInfo, "an agent renewed its certificate",
      {{"agent", peer.identity.name}, {"region", peer.identity.region}});
  v1::RenewReply reply;
  reply.set_authorities(keys->trusted);
  reply.set_certificate(*std::move(certificate));
  return reply;
}

}  // namespace postwatch::collector
