#include "agent/probes/dns/signatures.h"

#include <gtest/gtest.h>

#include "common/dns/ds_digest.h"
#include "tests/support/fake_resolver.h"

namespace postwatch::agent {
namespace {

constexpr std::string_view kZone = "alpha.test";
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

DnskeyRecord Key(uint16_t flags, std::string octets) {
  DnskeyRecord key;
  key.flags = flags;
  key.algorithm = 13;
  key.key = std::move(octets);
  return key;
}

DsRecord DsOf(const DnskeyRecord& key) {
  return {key.KeyTag(), key.algorithm, 2, *DsDigest(kZone, key, 2)};
}

ResourceRecord Rrsig(RrType covered, absl::Duration left, std::string signer = "alpha.test") {
  RrsigRecord rrsig;
  rrsig.type_covered = covered;
  rrsig.key_tag = 7;
  rrsig.inception = kNow - absl::Hours(24);
  rrsig.expiration = kNow + left;
  rrsig.signer = std::move(signer);
  return MakeRecord(RrType::kRrsig, rrsig, "alpha.test");
}

TEST(MatchKeysTest, SortsDsRecordsByWhatTheyPointAt) {
  const DnskeyRecord good = Key(257, "good"), revoked = Key(257 | 0x80, "revoked"),
                     no_zone_key = Key(1, "other");
  const KeyChain chain = MatchKeys(
      kZone,
      {DsOf(good), DsOf(revoked), DsOf(no_zone_key), DsOf(Key(257, "gone")), {1, 13, 99, ""}},
      {good, revoked, no_zone_key});
  ASSERT_EQ(chain.pointing.size(), 1u);
  EXPECT_EQ(chain.pointing[0].key_tag, good.KeyTag());
  EXPECT_EQ(chain.dangling.size(), 3u);
  ASSERT_EQ(chain.unknown.size(), 1u);
  EXPECT_EQ(DsText(chain.unknown), "DS 1 (algorithm 13, digest 99)");
  EXPECT_EQ(KeyText({}), "no DNSKEY");
}

TEST(SpansOfTest, TheLongestSignatureOfEachSetCounts) {
  DnsMessage message;
  message.answers = {Rrsig(RrType::kMx, absl::Hours(1)), Rrsig(RrType::kMx, absl::Hours(9)),
                     Rrsig(RrType::kMx, absl::Hours(2)),
                     Rrsig(RrType::kA, absl::Hours(99), "other.test")};
  message.authorities = {Rrsig(RrType::kSoa, absl::Hours(3))};
  const std::vector<SignatureSpan> spans = SpansOf(message, kZone);
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].type, RrType::kSoa);
  EXPECT_EQ(spans[0].expiration, kNow + absl::Hours(3));
  EXPECT_EQ(spans[1].type, RrType::kMx);
  EXPECT_EQ(spans[1].expiration, kNow + absl::Hours(9));
}

TEST(LapseTest, SaysWhenSignaturesDoNotHold) {
  SignatureSpan span{RrType::kMx, 7, kNow - absl::Hours(1), kNow + absl::Hours(1)};
  EXPECT_EQ(Lapse(span, kZone, kNow), std::nullopt);
  EXPECT_EQ(Lapse(span, kZone, kNow + absl::Hours(2)),
            "the signatures of MX records of alpha.test by key 7 ended at " +
                MinuteText(kNow + absl::Hours(1)));
  EXPECT_EQ(Lapse(span, kZone, kNow - absl::Hours(1) - absl::Minutes(4)), std::nullopt)
      << "clocks differ a little";
  EXPECT_EQ(Lapse(span, kZone, kNow - absl::Hours(2)),
            "the signatures of MX records of alpha.test by key 7 do not begin until " +
                MinuteText(kNow - absl::Hours(1)));
}

TEST(IsExpiringTest, ThreeDaysOrAQuarterOfShortOnes) {
  const auto expiring = [](absl::Duration made_for, absl::Duration left) {
    return IsExpiring({RrType::kMx, 7, kNow + left - made_for, kNow + left}, kNow);
  };
  EXPECT_TRUE(expiring(absl::Hours(24 * 30), absl::Hours(71)));
  EXPECT_FALSE(expiring(absl::Hours(24 * 30), absl::Hours(73)));
  EXPECT_FALSE(expiring(absl::Hours(48), absl::Hours(13))) << "signed anew each day";
  EXPECT_TRUE(expiring(absl::Hours(48), absl::Hours(11)));
}

TEST(MinuteTextTest, IsUtc) { EXPECT_EQ(MinuteText(kNow), "2027-01-15T08:00Z"); }

}  // namespace
}  // namespace postwatch::agent
