#include "common/postgres/values.h"

#include <gtest/gtest.h>

#include <limits>

namespace postwatch {
namespace {

using namespace std::string_view_literals;

TEST(PostgresTimeTest, CountsFromTheYear2000) {
  EXPECT_EQ(ToPostgresMicros(absl::FromUnixSeconds(946'684'800)), 0);
  EXPECT_EQ(ToPostgresMicros(absl::FromUnixMicros(1'700'000'000'123'456)), 753'315'200'123'456);
  EXPECT_EQ(FromPostgresMicros(753'315'200'123'456), absl::FromUnixMicros(1'700'000'000'123'456));
  EXPECT_EQ(FromPostgresMicros(-946'684'800'000'000), absl::UnixEpoch());
}

TEST(PostgresTimeTest, WhatCannotBeKeptIsInfinite) {
  constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMinusInfinity = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(ToPostgresMicros(absl::InfiniteFuture()), kInfinity);
  EXPECT_EQ(ToPostgresMicros(absl::InfinitePast()), kMinusInfinity);
  EXPECT_EQ(ToPostgresMicros(absl::FromCivil(absl::CivilDay(-5000, 1, 1), absl::UTCTimeZone())),
            kMinusInfinity);
  EXPECT_EQ(FromPostgresMicros(kInfinity), absl::InfiniteFuture());
  EXPECT_EQ(FromPostgresMicros(kInfinity - 1), absl::InfiniteFuture());
  EXPECT_EQ(FromPostgresMicros(kMinusInfinity), absl::InfinitePast());
}

TEST(PostgresParametersTest, AreInTheBinaryFormOfTheirType) {
  PostgresParameters p;
  p.AddInt(-2).AddBool(true).AddText("ä").AddBytes("\0x"sv).AddNull(PostgresType::kTime);
  p.AddTime(absl::FromUnixSeconds(946'684'801));
  ASSERT_EQ(p.values().size(), 6u);
  EXPECT_EQ(p.values()[0].type, PostgresType::kInt);
  EXPECT_EQ(p.values()[0].bytes, "\xff\xff\xff\xff\xff\xff\xff\xfe");
  EXPECT_EQ(p.values()[1].type, PostgresType::kBool);
  EXPECT_EQ(p.values()[1].bytes, "\1");
  EXPECT_EQ(p.values()[2].type, PostgresType::kText);
  EXPECT_EQ(p.values()[2].bytes, "ä");
  EXPECT_EQ(p.values()[3].type, PostgresType::kBytes);
  EXPECT_EQ(p.values()[3].bytes, std::string("\0x", 2));
  EXPECT_EQ(p.values()[4].bytes, std::nullopt);
  EXPECT_EQ(p.values()[5].type, PostgresType::kTime);
  EXPECT_EQ(p.values()[5].bytes, std::string("\0\0\0\0\0\x0f\x42\x40", 8));
}

}  // namespace
}  // namespace postwatch
