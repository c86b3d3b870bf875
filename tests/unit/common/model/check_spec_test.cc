#include "common/model/check_spec.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(Leg, NamesReadBack) {
  EXPECT_EQ(LegName(Leg::kControl), "control");
  EXPECT_EQ(LegName(Leg::kDns), "dns");
  EXPECT_EQ(LegName(Leg::kInbound), "inbound");
  EXPECT_EQ(LegName(Leg::kSubmission), "submission");
  EXPECT_EQ(LegName(Leg::kAccess), "access");
  EXPECT_EQ(LegName(Leg::kDelivery), "delivery");
  EXPECT_EQ(LegName(Leg::kRegistration), "registration");
  for (int i = 0; i <= static_cast<int>(Leg::kRegistration); ++i) {
    EXPECT_EQ(ParseLeg(LegName(static_cast<Leg>(i))), static_cast<Leg>(i));
  }
}

TEST(Leg, OtherNamesAreNone) {
  EXPECT_EQ(ParseLeg(""), std::nullopt);
  EXPECT_EQ(ParseLeg("Inbound"), std::nullopt);
  EXPECT_EQ(ParseLeg("inbound "), std::nullopt);
}

}  // namespace
}  // namespace postwatch
