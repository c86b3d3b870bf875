#include "common/net/net_error.h"

#include <gtest/gtest.h>

#include "common/net/dialer.h"

namespace postwatch {
namespace {

TEST(NetError, ComesBackFromItsStatus) {
  const absl::Status status = NetStatus(NetError::kPlaintextInjection, "starttls to 192.0.2.1:25");
  EXPECT_EQ(GetNetError(status), NetError::kPlaintextInjection);
  EXPECT_EQ(status.message(), "starttls to 192.0.2.1:25");
}

TEST(NetError, OtherStatusesHaveNone) {
  EXPECT_EQ(GetNetError(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(GetNetError(absl::UnavailableError("a database")), std::nullopt);
}

TEST(NetError, MapsToTheCodeThatGenericCallersExpect) {
  EXPECT_EQ(NetStatus(NetError::kTimeout, "").code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(NetStatus(NetError::kCancelled, "").code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(NetStatus(NetError::kRefused, "").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(NetStatus(NetError::kTlsUntrusted, "").code(), absl::StatusCode::kUnauthenticated);
}

TEST(NetError, SurvivesACopyThroughStatusOr) {
  const absl::StatusOr<int> failed = NetStatus(NetError::kReset, "read");
  EXPECT_EQ(GetNetError(failed.status()), NetError::kReset);
}

TEST(AddressText, BracketsIpv6) {
  EXPECT_EQ(AddressText({"198.18.11.2", 25}), "198.18.11.2:25");
  EXPECT_EQ(AddressText({"2001:db8::1", 993}), "[2001:db8::1]:993");
}

}  // namespace
}  // namespace postwatch
