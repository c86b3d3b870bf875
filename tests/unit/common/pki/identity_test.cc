#include "common/pki/identity.h"

#include <gtest/gtest.h>

#include "common/pki/ca.h"

namespace postwatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);

TEST(IdentityUri, GoesBothWays) {
  const PeerIdentity agent{PeerRole::kAgent, "eu-west.1", "agent_7"};
  EXPECT_EQ(*IdentityUri(agent), "spiffe://postwatch/agent/eu-west.1/agent_7");
  EXPECT_EQ(*ParseIdentityUri("spiffe://postwatch/agent/eu-west.1/agent_7"), agent);
  const PeerIdentity collector{PeerRole::kCollector, "", ""};
  EXPECT_EQ(*IdentityUri(collector), "spiffe://postwatch/collector");
  EXPECT_EQ(*ParseIdentityUri("spiffe://postwatch/collector"), collector);
}

TEST(IdentityUri, RefusesWhatWouldNotComeBack) {
  for (const char* bad : {"", "a/b", "A", "..", ".", "a%2f", "a b"}) {
    EXPECT_FALSE(IdentityUri({PeerRole::kAgent, "eu", bad}).ok()) << bad;
    EXPECT_FALSE(IdentityUri({PeerRole::kAgent, bad, "a"}).ok()) << bad;
  }
  EXPECT_FALSE(IdentityUri({PeerRole::kCollector, "eu", ""}).ok());
}

TEST(ParseIdentityUri, RefusesEverythingElse) {
  for (const char* bad : {"", "spiffe://postwatch/", "spiffe://postwatch/agent",
                          "spiffe://postwatch/agent/", "spiffe://postwatch/agent/eu",
                          "spiffe://postwatch/agent/eu/", "spiffe://postwatch/agent//a",
                          "spiffe://postwatch/agent/eu/a/", "spiffe://postwatch/agent/eu/a/b",
                          "spiffe://postwatch/agent/../a", "spiffe://postwatch/agent/eu/a?x",
                          "spiffe://postwatch/agent/eu/a#x", "spiffe://postwatch/agent/EU/a",
                          "SPIFFE://postwatch/agent/eu/a", "spiffe://other/agent/eu/a",
                          "https://postwatch/agent/eu/a", "spiffe://postwatch/collector/",
                          "spiffe://postwatch/collector2", " spiffe://postwatch/collector"}) {
    EXPECT_EQ(ParseIdentityUri(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  using namespace std::string_view_literals;
  EXPECT_FALSE(ParseIdentityUri("spiffe://postwatch/agent/eu/a\0b"sv).ok());
}

TEST(ParseIdentityUri, DoesNotEchoWithoutBound) {
  const absl::Status status = ParseIdentityUri(std::string(100000, 'x')).status();
  EXPECT_LT(status.message().size(), 500u);
}

TEST(ParseIdentityCertificate, ReadsWhatTheAuthorityIssued) {
  const auto authority = MakeAuthority("ca", kNow, absl::Hours(1000));
  IdentityRequest request;
  request.identity = {PeerRole::kAgent, "eu", "a"};
  request.lifetime = absl::Hours(24);
  const auto issued = IssueIdentity(*authority, request, kNow);
  const auto read = ParseIdentityCertificate(issued->certificate);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->identity, request.identity);
  EXPECT_EQ(read->not_before, kNow - absl::Minutes(5));
  EXPECT_EQ(read->not_after, kNow + absl::Hours(24));
}

TEST(ParseIdentityCertificate, RefusesACertificateWithoutAnIdentity) {
  const auto authority = MakeAuthority("agent", kNow, absl::Hours(1000));
  EXPECT_EQ(ParseIdentityCertificate(authority->certificate).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(ParseIdentityCertificate("").ok());
  EXPECT_FALSE(ParseIdentityCertificate("-----BEGIN CERTIFICATE-----\nAAAA\n").ok());
  EXPECT_FALSE(ParseIdentityCertificate(authority->key.Reveal()).ok());
}

}  // namespace
}  // namespace postwatch
