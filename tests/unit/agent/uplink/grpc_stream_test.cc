#include "agent/uplink/grpc_stream.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

TEST(AddressOfTurnTest, OneAfterTheOtherForEver) {
  GrpcTarget target;
  target.address = "a:1";
  EXPECT_EQ(AddressOfTurn(target, 0), "a:1");
  EXPECT_EQ(AddressOfTurn(target, 1), "a:1");
  target.fallbacks = {"b:1", "c:1"};
  std::string order;
  for (size_t turn = 0; turn < 7; ++turn) order += AddressOfTurn(target, turn)[0];
  EXPECT_EQ(order, "abcabca");
}

}  // namespace
}  // namespace postwatch::agent
