#include "common/net/tls_verify.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "tests/support/test_ca.h"

namespace postwatch {
namespace {

CertificateFacts FactsOf(const TestCertificateOptions& options) {
  const std::string pem = TestCa::SelfSigned(options).chain;
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  CertificateFacts facts = ReadCertificateFacts(certificate);
  X509_free(certificate);
  BIO_free(bio);
  return facts;
}

TEST(ReadCertificateFacts, TellsWhetherAStapleIsDemanded) {
  TestCertificateOptions options;
  EXPECT_FALSE(FactsOf(options).must_staple);
  options.must_staple = true;
  EXPECT_TRUE(FactsOf(options).must_staple);
}

}  // namespace
}  // namespace postwatch
