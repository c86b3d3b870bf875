#include "collector/ingest/grpc_peer.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(GrpcPeer, ItsNetworkIsTheAddressOrThe64OfIt) {
  EXPECT_EQ(PeerNetwork("ipv4:192.0.2.1:4711"), "192.0.2.1");
  EXPECT_EQ(PeerNetwork("ipv6:%5B2001:db8:1:2:3:4:5:6%5D:4711"), "2001:db8:1:2::/64");
  EXPECT_EQ(PeerNetwork("ipv6:[2001:db8:1:2::1]:4712"), "2001:db8:1:2::/64");
  EXPECT_EQ(PeerNetwork("ipv6:%5B::1%5D:4711"), "::/64");
  EXPECT_EQ(PeerNetwork("unix:/run/x"), "");
  EXPECT_EQ(PeerNetwork(""), "");
}

TEST(GrpcPeer, StatusesKeepCodeAndText) {
  const grpc::Status status = ToGrpc(absl::UnauthenticatedError("why"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(status.error_message(), "why");
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
}

}  // namespace
}  // namespace postwatch::collector
