#include "common/pki/revocation_list.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/certificate_request.h"

namespace postwatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00 UTC

const IssuedCertificate& Authority() {
  static const auto* authority = new absl::StatusOr<IssuedCertificate>(
      MakeAuthority("ca", kNow - absl::Hours(1), absl::Hours(1000)));
  return **authority;
}

IdentityCertificate Issue(const std::string& name, absl::Time at, absl::Time enrolled) {
  const IdentityRequest request{.identity = {PeerRole::kAgent, "eu", name},
                                .lifetime = absl::Hours(24),
                                .enrolled = enrolled};
  return *ParseIdentityCertificate(IssueIdentity(Authority(), request, at)->certificate);
}

RevocationList Reread(const RevocationList& list) {
  const auto crl = list.Sign(Authority(), kNow);
  EXPECT_TRUE(crl.ok()) << crl.status();
  const auto read = RevocationList::Parse(*crl, Authority().certificate);
  EXPECT_TRUE(read.ok()) << read.status();
  return *read;
}

TEST(RevocationList, AnEmptyOneTakesNothingBack) {
  const RevocationList list = Reread(RevocationList());
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(list.RevokedAt(Issue("fra1", kNow, kNow)), std::nullopt);
}

TEST(RevocationList, OneCertificateByItsNumber) {
  const IdentityCertificate bad = Issue("fra1", kNow, kNow);
  const IdentityCertificate good = Issue("fra1", kNow, kNow);
  RevocationList list;
  ASSERT_TRUE(list.Revoke(bad.serial, kNow + absl::Milliseconds(1500)));
  list = Reread(list);
  EXPECT_EQ(list.RevokedAt(bad), kNow + absl::Seconds(1));
  EXPECT_EQ(list.RevokedAt(good), std::nullopt);
  EXPECT_FALSE(list.Revoke("no number", kNow));
  EXPECT_FALSE(list.Revoke("00", kNow));
}

TEST(RevocationList, AnAgentWithAllItWasGivenUntilThen) {
  RevocationList list;
  list.RevokeAgent("fra1", kNow);
  list = Reread(list);
  EXPECT_EQ(list.AgentRevokedAt("fra1"), kNow);
  EXPECT_EQ(list.AgentRevokedAt("fra2"), std::nullopt);
  EXPECT_EQ(list.RevokedAt(Issue("fra1", kNow - absl::Hours(1), kNow - absl::Hours(1))), kNow);
  EXPECT_EQ(list.RevokedAt(Issue("fra1", kNow, kNow)), kNow);
  EXPECT_EQ(list.RevokedAt(Issue("fra2", kNow - absl::Hours(1), kNow - absl::Hours(1))),
            std::nullopt);
}

// A thief who is quick renews before the list arrives.
TEST(RevocationList, WhatWasRenewedAfterwardsIsNoBetter) {
  RevocationList list;
  list.RevokeAgent("fra1", kNow);
  EXPECT_EQ(list.RevokedAt(Issue("fra1", kNow + absl::Hours(2), kNow - absl::Hours(1))), kNow);
}

TEST(RevocationList, WhatWasGivenAfterwardsIsGood) {
  RevocationList list;
  list.RevokeAgent("fra1", kNow);
  const absl::Time later = kNow + absl::Seconds(1);
  EXPECT_EQ(list.RevokedAt(Issue("fra1", later, later)), std::nullopt);
  list.RevokeAgent("fra1", kNow + absl::Minutes(1));
  EXPECT_EQ(list.RevokedAt(Issue("fra1", later, later)), kNow + absl::Minutes(1));
  list.RevokeAgent("fra1", kNow);
  EXPECT_EQ(list.AgentRevokedAt("fra1"), kNow + absl::Minutes(1));
}

// Such as those that cert-manager makes: the number says nothing, so its date counts.
TEST(RevocationList, ACertificateOfAnotherMakerCountsFromItsBeginning) {
  IdentityCertificate foreign{
      {PeerRole::kAgent, "eu", "fra1"}, kNow, kNow + absl::Hours(1), "1234"};
  foreign.enrolled = foreign.not_before;
  RevocationList list;
  list.RevokeAgent("fra1", kNow - absl::Seconds(1));
  EXPECT_EQ(list.RevokedAt(foreign), std::nullopt);
  list.RevokeAgent("fra1", kNow);
  EXPECT_EQ(list.RevokedAt(foreign), kNow);
}

// Half a copy of the file must not let those in whom the other half revokes.
TEST(RevocationList, AFileThatIsNotWholeIsNoneAtAll) {
  RevocationList first, second;
  first.RevokeAgent("fra1", kNow);
  second.RevokeAgent("fra2", kNow);
  const std::string ca = Authority().certificate;
  const std::string one = *first.Sign(Authority(), kNow);
  const std::string two = *second.Sign(Authority(), kNow);
  const auto why = [&ca](const std::string& text) {
    const auto read = RevocationList::Parse(text, ca);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(read.status().message());
  };
  EXPECT_EQ(RevocationList::Parse(one + "\n" + two, ca)->size(), 2u);
  EXPECT_EQ(why(one + two.substr(0, two.size() / 2)).substr(0, 23), "a CRL cannot be read: b");
  std::string garbled = two;
  garbled.replace(40, 8, "!!!!!!!!");
  EXPECT_EQ(why(one + garbled).substr(0, 21), "a CRL cannot be read:");
  EXPECT_EQ(why(garbled + one), "there is no X.509 CRL in PEM");
  std::string many;
  for (int i = 0; i < 17; ++i) many += one;
  EXPECT_EQ(why(many), "there are more than 16 CRLs");
}

TEST(RevocationList, OnlyATrustedAuthoritysIsBelieved) {
  const auto other = MakeAuthority("ca", kNow, absl::Hours(1000));
  RevocationList list;
  list.RevokeAgent("fra1", kNow);
  const std::string crl = *list.Sign(*other, kNow);
  const auto refused = RevocationList::Parse(crl, Authority().certificate);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(refused.status().message(), "the CRL is not signed by a trusted authority");
  const std::string both = Concat(Authority().certificate, other->certificate);
  EXPECT_EQ(RevocationList::Parse(crl, both)->AgentRevokedAt("fra1"), kNow);
  EXPECT_EQ(RevocationList::Parse("", both).status().code(), absl::StatusCode::kInvalidArgument);
  const IssuedCertificate mixed{Authority().certificate, other->key.Clone()};
  EXPECT_EQ(list.Sign(mixed, kNow).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RevocationList, SeveralListsOfOneFileAddUp) {
  const auto next = MakeAuthority("ca", kNow, absl::Hours(1000));
  RevocationList first, second;
  first.RevokeAgent("fra1", kNow);
  first.RevokeAgent("fra2", kNow);
  second.RevokeAgent("fra2", kNow + absl::Hours(1));
  const auto both =
      RevocationList::Parse(Concat(*first.Sign(Authority(), kNow), *second.Sign(*next, kNow)),
                            Concat(Authority().certificate, next->certificate));
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->size(), 2u);
  EXPECT_EQ(both->AgentRevokedAt("fra1"), kNow);
  EXPECT_EQ(both->AgentRevokedAt("fra2"), kNow + absl::Hours(1));
}

TEST(RevocationList, IsAnOrdinaryCrl) {
  RevocationList list;
  const IdentityCertificate bad = Issue("fra1", kNow, kNow);
  list.Revoke(bad.serial, kNow);
  list.RevokeAgent("fra1", kNow);
  const std::string pem = *list.Sign(Authority(), kNow);
  const BioPtr text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509_CRL* crl = PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr);
  ASSERT_NE(crl, nullptr);
  EXPECT_EQ(X509_CRL_get_version(crl), 1);
  EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
  EXPECT_GE(X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1), 0);
  EXPECT_GE(X509_CRL_get_ext_by_NID(crl, NID_authority_key_identifier, -1), 0);
  EXPECT_EQ(X509_CRL_verify(crl, X509_get0_pubkey(ReadCertificate(Authority().certificate).get())),
            1);
  X509_CRL_free(crl);
}

}  // namespace
}  // namespace postwatch
