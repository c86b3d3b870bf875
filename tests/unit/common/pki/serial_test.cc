#include "common/pki/serial.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

void FreeInteger(ASN1_INTEGER* number) { ASN1_INTEGER_free(number); }
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, OpensslFree<FreeInteger>>;

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00 UTC

Serial ReadHex(const std::string& hex) {
  const IntegerPtr number(ASN1_INTEGER_new());
  EXPECT_TRUE(SetSerialHex(number.get(), hex)) << hex;
  return ReadSerial(number.get());
}

TEST(Serial, SaysWhenItsHolderWasEnrolledAndIsNew) {
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const IntegerPtr number(ASN1_INTEGER_new());
    ASSERT_TRUE(SetSerial(number.get(), kNow + absl::Milliseconds(700)));
    const Serial serial = ReadSerial(number.get());
    EXPECT_EQ(serial.enrolled, kNow);
    EXPECT_EQ(serial.hex.size(), 32u);
    EXPECT_EQ(serial.hex.substr(0, 12), "51006ae87b40");
    seen.insert(serial.hex);
  }
  EXPECT_EQ(seen.size(), 20u);
}

TEST(Serial, OneOfAnotherMakerSaysNothing) {
  EXPECT_EQ(ReadHex("01").enrolled, std::nullopt);
  EXPECT_EQ(ReadHex("01").hex, "01");
  EXPECT_EQ(ReadHex("52006ae87b40aaaaaaaaaaaaaaaaaaaa").enrolled, std::nullopt);
  EXPECT_EQ(ReadHex("51006ae87b40aaaaaaaaaaaaaaaaaa").enrolled, std::nullopt);    // 15 bytes
  EXPECT_EQ(ReadHex("5100000000ffaaaaaaaaaaaaaaaaaaaa").enrolled, std::nullopt);  // of 1970
}

TEST(Serial, AShortLifeIsBackdatedShortly) {
  EXPECT_EQ(BackdateOf(absl::Hours(720)), absl::Minutes(5));
  EXPECT_EQ(BackdateOf(absl::Hours(1)), absl::Minutes(5));
  EXPECT_EQ(BackdateOf(absl::Minutes(12)), absl::Minutes(1));
  EXPECT_EQ(BackdateOf(absl::Seconds(30)), absl::Seconds(2));
  for (const absl::Duration lifetime :
       {absl::Hours(720), absl::Hours(1), absl::Minutes(30), absl::Seconds(30)}) {
    EXPECT_EQ(LifetimeOf(lifetime + BackdateOf(lifetime)), lifetime) << lifetime;
  }
}

TEST(Serial, HexOfNoNumberIsRefused) {
  const IntegerPtr number(ASN1_INTEGER_new());
  for (const std::string& hex : {std::string(), std::string("1"), std::string("0g"),
                                 std::string(42, 'a'), std::string("-1")}) {
    EXPECT_FALSE(SetSerialHex(number.get(), hex)) << hex;
  }
  EXPECT_TRUE(SetSerialHex(number.get(), std::string(40, 'a')));
}

}  // namespace
}  // namespace postwatch
