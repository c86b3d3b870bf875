#include "common/wire/protocol.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

TEST(ProtocolTest, OneVersionForwardIsUnderstoodAndWhoTellsNoneHasTheFirst) {
  EXPECT_EQ(CheckProtocol("collector", "agent", kProtocolVersion), absl::OkStatus());
  EXPECT_EQ(CheckProtocol("collector", "agent", kProtocolVersion + 1), absl::OkStatus());
  EXPECT_EQ(CheckProtocol("collector", "agent", 0), CheckProtocol("collector", "agent", 1));
}

TEST(ProtocolTest, BeyondThatTheErrorSaysWhichToUpgrade) {
  const absl::Status status = CheckProtocol("collector", "agent", kProtocolVersion + 2);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FromAbsl(status.message()),
            Concat("the agent speaks version ", kProtocolVersion + 2,
                   " of the protocol, this collector version ", kProtocolVersion,
                   "; they may be one apart: upgrade the collector, one version at a time"));
  EXPECT_FALSE(CheckProtocol("agent", "collector", ~0u).ok());
}

}  // namespace
}  // namespace postwatch
