#include "common/dns/ds_digest.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

// RFC 4034 section 5.4; the SHA-256 digest of the same key is in RFC 4509 section 2.3.
DnskeyRecord ExampleKey() {
  DnskeyRecord key;
  key.flags = 256;
  key.algorithm = 5;
  EXPECT_TRUE(absl::Base64Unescape(
      "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAph"
      "XdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==",
      &key.key));
  return key;
}

std::string Octets(std::string_view hex) { return absl::HexStringToBytes(ToAbsl(hex)); }

TEST(DsDigestTest, ExamplesOfTheRfcs) {
  const DnskeyRecord key = ExampleKey();
  EXPECT_EQ(key.KeyTag(), 60485);
  EXPECT_EQ(DsDigest("dskey.example.com", key, 1),
            Octets("2bb183af5f22588179a53b0a98631fad1a292118"));
  EXPECT_EQ(DsDigest("DSKEY.example.com.", key, 2),
            Octets("d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a"));
  EXPECT_EQ(DsDigest("dskey.example.com", key, 4)->size(), 48u);
  EXPECT_EQ(DsDigest("dskey.example.com", key, 3), std::nullopt);
  EXPECT_EQ(DsDigest("a..b", key, 2), std::nullopt);
}

TEST(DsDigestTest, PointsAtNoOtherKeyAndNoOtherName) {
  const DnskeyRecord key = ExampleKey();
  const DsRecord good{60485, 5, 1, Octets("2bb183af5f22588179a53b0a98631fad1a292118")};
  EXPECT_TRUE(PointsAt("dskey.example.com", good, key));
  EXPECT_FALSE(PointsAt("other.example.com", good, key));
  DsRecord bad = good;
  bad.key_tag = 60486;
  EXPECT_FALSE(PointsAt("dskey.example.com", bad, key));
  bad = good;
  bad.algorithm = 8;
  EXPECT_FALSE(PointsAt("dskey.example.com", bad, key));
  bad = good;
  bad.digest_type = 2;
  EXPECT_FALSE(PointsAt("dskey.example.com", bad, key));
  bad.digest_type = 77;
  EXPECT_FALSE(PointsAt("dskey.example.com", bad, key));
}

}  // namespace
}  // namespace postwatch
