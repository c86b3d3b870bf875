#include "common/domain/tlsa_match.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/net/tls_verify.h"
#include "tests/support/test_ca.h"

namespace postwatch {
namespace {

std::vector<CertificateFacts> Chain(const std::string& pem) {
  std::vector<CertificateFacts> chain;
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  while (X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    chain.push_back(ReadCertificateFacts(certificate));
    X509_free(certificate);
  }
  BIO_free(bio);
  return chain;
}

std::string Sha256(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return {reinterpret_cast<const char*>(digest), sizeof digest};
}

std::string Sha512(const std::string& bytes) {
  unsigned char digest[SHA512_DIGEST_LENGTH];
  SHA512(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return {reinterpret_cast<const char*>(digest), sizeof digest};
}

const std::vector<std::string> kNames = {"mx.example"};

class TlsaMatch : public testing::Test {
 protected:
  static TlsaVerdict Match(const TlsaRecord& record, const std::vector<CertificateFacts>& chain,
                           absl::Time now = absl::Now()) {
    return MatchTlsa(std::vector<TlsaRecord>{record}, chain, kNames, now);
  }

  const TestCa root_{"Test Root"};
  const TestCa authority_ = root_.MakeIntermediate("Test Authority");
  const std::vector<CertificateFacts> chain_ = Chain(authority_.Issue({}, true).chain);
};

TEST_F(TlsaMatch, WhatCanBeUsed) {
  const std::string hash(32, 'x');
  EXPECT_TRUE(IsUsableTlsa({3, 1, 1, hash}));
  EXPECT_TRUE(IsUsableTlsa({2, 0, 2, std::string(64, 'x')}));
  EXPECT_TRUE(IsUsableTlsa({3, 0, 0, "der"}));
  EXPECT_FALSE(IsUsableTlsa({0, 1, 1, hash}));
  EXPECT_FALSE(IsUsableTlsa({1, 1, 1, hash}));
  EXPECT_FALSE(IsUsableTlsa({3, 2, 1, hash}));
  EXPECT_FALSE(IsUsableTlsa({3, 1, 3, hash}));
  EXPECT_FALSE(IsUsableTlsa({3, 1, 1, std::string(31, 'x')}));
  EXPECT_FALSE(IsUsableTlsa({3, 1, 2, hash}));
  EXPECT_FALSE(IsUsableTlsa({3, 1, 0, ""}));
}

TEST_F(TlsaMatch, TheLeafByCertificateOrKey) {
  ASSERT_EQ(chain_.size(), 2U);
  const CertificateFacts& leaf = chain_[0];
  EXPECT_EQ(absl::BytesToHexString(Sha256(leaf.der)), leaf.sha256);
  const TlsaRecord records[] = {{3, 0, 0, leaf.der},         {3, 1, 0, leaf.spki},
                                {3, 0, 1, Sha256(leaf.der)}, {3, 1, 1, Sha256(leaf.spki)},
                                {3, 0, 2, Sha512(leaf.der)}, {3, 1, 2, Sha512(leaf.spki)}};
  for (const TlsaRecord& record : records) {
    const TlsaVerdict verdict = Match(record, chain_);
    EXPECT_TRUE(verdict.matches) << TlsaText(record);
    EXPECT_EQ(verdict.why, TlsaText(record));
  }
  EXPECT_EQ(KeyFingerprint(leaf), absl::BytesToHexString(Sha256(leaf.spki)));
  // Certificate and key are not taken for one another.
  EXPECT_FALSE(Match({3, 0, 1, Sha256(leaf.spki)}, chain_).matches);
  // The authority's key is no match for the leaf.
  const TlsaVerdict other = Match({3, 1, 1, Sha256(chain_[1].spki)}, chain_);
  EXPECT_FALSE(other.matches);
  EXPECT_EQ(other.why,
            Concat("3 1 1 ", KeyFingerprint(chain_[1]), " is not of the served certificate"));
}

TEST_F(TlsaMatch, TheLeafsDatesAndNamesDoNotMatterByItself) {
  TestCertificateOptions options;
  options.dns_names = {"other.example"};
  options.not_after = absl::Now() - absl::Hours(1);
  options.not_before = absl::Now() - absl::Hours(2);
  const std::vector<CertificateFacts> chain = Chain(TestCa::SelfSigned(options).chain);
  EXPECT_TRUE(Match({3, 1, 1, Sha256(chain[0].spki)}, chain).matches);
}

TEST_F(TlsaMatch, AnAuthorityInTheChain) {
  EXPECT_TRUE(Match({2, 1, 1, Sha256(chain_[1].spki)}, chain_).matches);
  EXPECT_TRUE(Match({2, 0, 2, Sha512(chain_[1].der)}, chain_).matches);
  // Published, but not served: the leaf alone leads nowhere.
  const std::vector<CertificateFacts> alone = {chain_[0]};
  EXPECT_FALSE(Match({2, 1, 1, Sha256(chain_[1].spki)}, alone).matches);
  // The leaf itself is no authority.
  EXPECT_FALSE(Match({2, 1, 1, Sha256(chain_[0].spki)}, chain_).matches);
}

TEST_F(TlsaMatch, AnAuthorityThatTheRecordHoldsNeedNotBeServed) {
  const std::vector<CertificateFacts> alone = {chain_[0]};
  const CertificateFacts root = Chain(root_.pem())[0];
  for (const TlsaRecord& record : {TlsaRecord{2, 0, 0, chain_[1].der}, {2, 1, 0, chain_[1].spki}}) {
    EXPECT_TRUE(Match(record, alone).matches) << TlsaText(record);
    EXPECT_FALSE(Match(record, alone, absl::Now() + absl::Hours(24 * 60)).matches);
    const std::vector<std::string> others = {"a.example"};
    EXPECT_FALSE(MatchTlsa(std::vector{record}, alone, others, absl::Now()).matches);
  }
  // Above the last one served.
  EXPECT_TRUE(Match({2, 0, 0, root.der}, chain_).matches);
  EXPECT_TRUE(Match({2, 1, 0, root.spki}, chain_).matches);
  // The authority between is missing.
  EXPECT_FALSE(Match({2, 0, 0, root.der}, alone).matches);
  EXPECT_EQ(Match({2, 1, 0, root.spki}, alone).why.find("2 1 0 "), 0u);
  EXPECT_FALSE(Match({2, 1, 0, root.spki}, alone).matches);
  const std::string broken = Match({2, 0, 0, "der"}, alone).why;
  EXPECT_EQ(broken, "2 0 0 646572 is no certificate that can be read");
}

TEST_F(TlsaMatch, TheRecordsThatDidNotMatchAreNamed) {
  const std::vector<TlsaRecord> records = {{3, 1, 1, Sha256(chain_[0].spki)},
                                           {1, 1, 1, std::string(32, 'x')},
                                           {3, 1, 1, std::string(32, 'x')}};
  const TlsaVerdict verdict = MatchTlsa(records, chain_, kNames, absl::Now());
  EXPECT_EQ(verdict.why, TlsaText(records[0]));
  EXPECT_EQ(verdict.others, std::vector<std::string>{TlsaText(records[2])});
}

TEST_F(TlsaMatch, UnderAnAuthorityNamesAndDatesMatter) {
  const TlsaRecord record{2, 1, 1, Sha256(chain_[1].spki)};
  const std::vector<std::string> others = {"a.example", "b.example"};
  const TlsaVerdict named = MatchTlsa(std::vector{record}, chain_, others, absl::Now());
  EXPECT_FALSE(named.matches);
  EXPECT_NE(named.why.find("not for a.example or b.example"), std::string::npos) << named.why;
  const TlsaVerdict late = Match(record, chain_, absl::Now() + absl::Hours(24 * 60));
  EXPECT_FALSE(late.matches);
  EXPECT_NE(late.why.find("certificate has expired at depth 0"), std::string::npos) << late.why;
}

TEST_F(TlsaMatch, AnAuthorityThatDidNotSignTheLeafIsNone) {
  const TestCa stranger("Stranger");
  std::vector<CertificateFacts> chain = Chain(authority_.Issue({}, false).chain);
  chain.push_back(Chain(stranger.pem())[0]);
  EXPECT_FALSE(Match({2, 1, 1, Sha256(chain[1].spki)}, chain).matches);
}

TEST_F(TlsaMatch, OneOfSeveralIsEnough) {
  const std::vector<TlsaRecord> records = {{1, 1, 1, Sha256(chain_[0].spki)},
                                           {3, 1, 1, std::string(32, 'x')},
                                           {3, 1, 1, Sha256(chain_[0].spki)}};
  EXPECT_TRUE(MatchTlsa(records, chain_, kNames, absl::Now()).matches);
  EXPECT_EQ(Match(records[0], chain_).why, "no record can be used");
  EXPECT_EQ(MatchTlsa(records, {}, kNames, absl::Now()).why, "the server sent no certificate");
}

}  // namespace
}  // namespace postwatch
