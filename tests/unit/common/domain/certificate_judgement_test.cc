#include "common/domain/certificate_judgement.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 11, 2), absl::UTCTimeZone());

CertificateFacts Certificate(int days_of_life, absl::Duration left) {
  CertificateFacts facts;
  facts.not_after = kNow + left;
  facts.not_before = facts.not_after - days_of_life * kDay;
  return facts;
}

bool Expiring(int days_of_life, absl::Duration left) {
  return AgeOf(Certificate(days_of_life, left), kNow).expiring;
}

TEST(CertificateAge, IsTakenByTheLifetime) {
  // A year: 30 days, which is less than a third.
  EXPECT_FALSE(Expiring(365, 31 * kDay));
  EXPECT_TRUE(Expiring(365, 30 * kDay));
  // Ninety days: a third is 30.
  EXPECT_FALSE(Expiring(90, 30 * kDay + absl::Hours(1)));
  EXPECT_TRUE(Expiring(90, 30 * kDay));
  // Sixty: a third is 20.
  EXPECT_FALSE(Expiring(60, 21 * kDay));
  EXPECT_TRUE(Expiring(60, 20 * kDay));
  // Forty-seven: a third is under 16 days.
  EXPECT_FALSE(Expiring(47, 16 * kDay));
  EXPECT_TRUE(Expiring(47, 15 * kDay));
  // Six days: a quarter is 36 hours.
  EXPECT_FALSE(Expiring(6, absl::Hours(37)));
  EXPECT_TRUE(Expiring(6, absl::Hours(36)));
  EXPECT_TRUE(Expiring(365, -kDay));
  EXPECT_TRUE(Expiring(0, 100 * kDay));
}

TEST(CertificateAge, SaysWhatIsLeft) {
  const CertificateAge age = AgeOf(Certificate(90, 45 * kDay), kNow);
  EXPECT_EQ(age.left, 45 * kDay);
  EXPECT_EQ(age.percent_left, 50);
  EXPECT_EQ(AgeOf(Certificate(90, -kDay), kNow).percent_left, 0);
  EXPECT_EQ(AgeOf(Certificate(90, 91 * kDay), kNow).percent_left, 100);
  EXPECT_EQ(LeftText(45 * kDay), "45 days");
  EXPECT_EQ(LeftText(absl::Hours(1)), "1 hour");
  EXPECT_EQ(LeftText(absl::Hours(47)), "47 hours");
  EXPECT_EQ(LeftText(-3 * kDay), "over for 3 days");
}

TEST(CertificateText, NamesWhatMatters) {
  CertificateFacts facts = Certificate(90, 45 * kDay);
  facts.subject = "CN=mx";
  facts.issuer = "CN=CA";
  facts.key_bits = 2048;
  EXPECT_EQ(CertificateText(facts), "CN=mx by CN=CA, for no name, 2048 bits, until 2026-12-17");
  facts.dns_names = {"a", "b", "c", "d", "e"};
  EXPECT_EQ(CertificateText(facts),
            "CN=mx by CN=CA, for a, b, c, d, ..., 2048 bits, until 2026-12-17");
}

TEST(MissingStapleText, OnlyWhatIsDemandedIsMissed) {
  TlsFacts facts;
  EXPECT_EQ(MissingStapleText(facts), "");
  facts.chain = {Certificate(90, 45 * kDay)};
  EXPECT_EQ(MissingStapleText(facts), "");
  facts.chain[0].subject = "CN=mx";
  facts.chain[0].must_staple = true;
  EXPECT_EQ(MissingStapleText(facts),
            "the certificate CN=mx demands an OCSP response (must-staple) and the server sends "
            "none: clients that honour that break off the handshake");
  facts.stapled = true;
  EXPECT_EQ(MissingStapleText(facts), "");
}

TEST(CertificateText, TellsAnExpiredChainFromAnExpiredLeaf) {
  TlsFacts facts;
  facts.chain = {Certificate(90, 45 * kDay), Certificate(900, -kDay), Certificate(900, kDay)};
  facts.chain[1].subject = "CN=CA";
  EXPECT_EQ(InvalidText(facts, kNow), "");
  facts.verify_depth = 1;
  EXPECT_EQ(InvalidText(facts, kNow), "that is CN=CA, valid until 2026-11-01");
  EXPECT_EQ(InvalidText(facts, kNow - 902 * kDay), "that is CN=CA, valid from 2024-05-15");
  facts.verify_depth = 3;
  EXPECT_EQ(InvalidText(facts, kNow), "");
}

}  // namespace
}  // namespace postwatch
