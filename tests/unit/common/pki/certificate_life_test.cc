#include "common/pki/certificate_life.h"

#include <gtest/gtest.h>

#include "common/pki/ca.h"

namespace postwatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);

TEST(CertificateLife, OfEachCertificateInOrder) {
  const auto first = MakeAuthority("first", kNow, absl::Hours(1000));
  const auto second = MakeAuthority("second", kNow, absl::Hours(10));
  ASSERT_TRUE(first.ok() && second.ok());
  const auto lives =
      CertificateLives(first->certificate + "words in between\n" + second->certificate);
  ASSERT_EQ(lives.size(), 2u);
  EXPECT_EQ(lives[0].not_after, kNow + absl::Hours(1000));
  EXPECT_EQ(lives[1].not_after, kNow + absl::Hours(10));
  EXPECT_LE(lives[0].not_before, kNow);
  EXPECT_GT(lives[0].not_before, kNow - absl::Hours(24));
}

TEST(CertificateLife, WhatIsNoCertificateHasNone) {
  EXPECT_TRUE(CertificateLives("").empty());
  EXPECT_TRUE(CertificateLives("-----BEGIN CERTIFICATE-----\nAAAA\n").empty());
}

}  // namespace
}  // namespace postwatch
