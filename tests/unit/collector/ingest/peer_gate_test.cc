#include "collector/ingest/peer_gate.h"

#include <gtest/gtest.h>

#include "common/pki/ca.h"

namespace postwatch::collector {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00 UTC

const IssuedCertificate& Authority() {
  static const auto* authority = new absl::StatusOr<IssuedCertificate>(
      MakeAuthority("ca", kNow - absl::Hours(1), absl::Hours(1000)));
  return **authority;
}

std::string Certificate(const std::string& agent) {
  const IdentityRequest request{.identity = {PeerRole::kAgent, "eu", agent},
                                .lifetime = absl::Hours(24)};
  return IssueIdentity(Authority(), request, kNow)->certificate;
}

TEST(PeerGate, LetsAnIdentityIn) {
  const PeerGate gate;
  const auto peer = gate.Admit(Certificate("fra1"), kNow);
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->identity, (PeerIdentity{PeerRole::kAgent, "eu", "fra1"}));
}

TEST(PeerGate, NobodyWithoutOne) {
  const PeerGate gate;
  EXPECT_EQ(gate.Admit("", kNow).status(),
            absl::UnauthenticatedError(
                "a client certificate is needed; `postwatch-agent join` gets one"));
  EXPECT_EQ(gate.Admit(Authority().certificate, kNow).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(gate.Admit("nonsense", kNow).status().code(), absl::StatusCode::kUnauthenticated);
}

// TLS has looked at the dates only when the connection was made.
TEST(PeerGate, AnEndedOneIsNotGoodForAnotherCall) {
  const PeerGate gate;
  const std::string certificate = Certificate("fra1");
  EXPECT_TRUE(gate.Admit(certificate, kNow + absl::Hours(24) - absl::Seconds(1)).ok());
  EXPECT_EQ(gate.Admit(certificate, kNow + absl::Hours(24)).status(),
            absl::UnauthenticatedError(
                "the certificate ended 2026-11-03 12:00:00 UTC; come with a newer one"));
}

TEST(PeerGate, ARevokedOneIsOutAtOnce) {
  PeerGate gate;
  const auto peer = gate.Admit(Certificate("fra1"), kNow);
  const auto other = gate.Admit(Certificate("fra2"), kNow);
  ASSERT_TRUE(peer.ok() && other.ok());
  EXPECT_TRUE(gate.Check(*peer, kNow).ok());
  RevocationList list;
  list.RevokeAgent("fra1", kNow + absl::Hours(1));
  EXPECT_EQ(gate.AddRevocations(list), 0u);
  EXPECT_EQ(gate.Check(*peer, kNow),
            absl::UnauthenticatedError("the certificate was revoked 2026-11-02 13:00:00 UTC; the "
                                       "agent must join anew with a new token"));
  EXPECT_TRUE(gate.Check(*other, kNow).ok());
  EXPECT_EQ(gate.Admit(Certificate("fra1"), kNow).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(gate.AgentRevokedAt("fra1"), kNow + absl::Hours(1));
}

// Such as one from a backup, or from before the last `postwatch ca revoke`.
TEST(PeerGate, AnOlderListLetsNobodyInAgain) {
  PeerGate gate;
  const auto peer = gate.Admit(Certificate("fra1"), kNow);
  RevocationList list;
  list.RevokeAgent("fra1", kNow);
  gate.AddRevocations(list);
  EXPECT_EQ(gate.AddRevocations(RevocationList()), 1u);
  EXPECT_FALSE(gate.Check(*peer, kNow).ok());
  RevocationList other;
  other.RevokeAgent("fra1", kNow - absl::Hours(1));
  other.RevokeAgent("fra2", kNow);
  EXPECT_EQ(gate.AddRevocations(other), 1u);
  EXPECT_FALSE(gate.Check(*peer, kNow).ok());
  EXPECT_EQ(gate.AgentRevokedAt("fra1"), kNow);
  EXPECT_EQ(gate.AgentRevokedAt("fra2"), kNow);
  list.RevokeAgent("fra2", kNow);
  EXPECT_EQ(gate.AddRevocations(list), 0u);
}

}  // namespace
}  // namespace postwatch::collector
