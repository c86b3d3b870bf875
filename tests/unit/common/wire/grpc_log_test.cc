#include "common/wire/grpc_log.h"

#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(GrpcLogTest, NamesThePeerThatTheTextNames) {
  EXPECT_EQ(PeerNamedIn("Handshake read failed, peer ipv4:192.0.2.7:4711: gone"), "192.0.2.7:4711");
  EXPECT_EQ(PeerNamedIn("{target_address:\"ipv6:%5B2001:db8::1%5D:443\"}"), "[2001:db8::1]:443");
  EXPECT_EQ(PeerNamedIn("from ipv6:[::1]:50051."), "[::1]:50051");
  EXPECT_EQ(PeerNamedIn("Handshake failed with fatal error SSL_ERROR_SSL"), "");
  EXPECT_EQ(PeerNamedIn("ipv4:"), "");
}

TEST(GrpcLogTest, AFloodIsBoundedAndTheSmallerSeveritiesAreDropped) {
  SendGrpcLogToOurs();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 500; ++i) gpr_log(GPR_ERROR, "handshake %d of ipv4:192.0.2.7:1 failed", i);
  gpr_log(GPR_INFO, "nothing to know");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(written, "\n"), 10u);
  EXPECT_EQ(Count(written, " peer=192.0.2.7:1 "), 10u);
  EXPECT_EQ(Count(written, "\"handshake 9 of"), 1u);
  EXPECT_EQ(Count(written, "\"handshake 10 of"), 0u);
}

}  // namespace
}  // namespace postwatch
