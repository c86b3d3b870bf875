#include "common/pki/certificate_request.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "common/pki/ca.h"

namespace postwatch {
namespace {

using RequestPtr = std::unique_ptr<X509_REQ, OpensslFree<X509_REQ_free>>;

std::string Der(X509_REQ* request) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request, &der);
  std::string out(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

// A request for `key`, signed with `signer`, that asks for the name of somebody else.
std::string Forge(EVP_PKEY* key, EVP_PKEY* signer) {
  const RequestPtr request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key);
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("root"), 4, -1, 0);
  X509_REQ_sign(request.get(), signer, EVP_sha256());
  return Der(request.get());
}

std::string Complaint(std::string_view der) {
  const auto read = ReadCertificateRequest(der);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(read.status().message());
}

TEST(CertificateRequest, CarriesTheKeyAndNothingElse) {
  const Secret key = *MakeKey();
  const auto der = MakeCertificateRequest(key);
  ASSERT_TRUE(der.ok()) << der.status();
  EXPECT_LT(der->size(), 300u);
  const auto read = ReadCertificateRequest(*der);
  ASSERT_TRUE(read.ok()) << read.status();
  const KeyPtr own = ReadPrivateKey(key);
  EXPECT_EQ(EVP_PKEY_eq(read->get(), own.get()), 1);
  const auto* at = reinterpret_cast<const unsigned char*>(der->data());
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der->size())));
  EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())), 0);
}

TEST(CertificateRequest, NeedsAPrivateKey) {
  EXPECT_EQ(MakeCertificateRequest(Secret("nothing")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CertificateRequest, AHugeOneIsNotEvenParsed) {
  EXPECT_EQ(Complaint(std::string(4097, '\x30')),
            "certificate request: it has 4097 bytes, allowed are 4096");
}

TEST(CertificateRequest, WhatIsNoneIsRefused) {
  EXPECT_EQ(Complaint(""), "certificate request: it is missing");
  EXPECT_EQ(Complaint("hello"), "certificate request: it is not PKCS #10 in DER");
  std::string der = *MakeCertificateRequest(*MakeKey());
  EXPECT_EQ(Complaint(der + "x"), "certificate request: it is not PKCS #10 in DER");
  der.resize(der.size() / 2);
  EXPECT_EQ(Complaint(der), "certificate request: it is not PKCS #10 in DER");
}

TEST(CertificateRequest, AnotherKeysSignatureIsNoProof) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const KeyPtr other(EVP_EC_gen("P-256"));
  EXPECT_EQ(Complaint(Forge(key.get(), other.get())),
            "certificate request: its signature does not fit its key");
  EXPECT_TRUE(ReadCertificateRequest(Forge(key.get(), key.get())).ok());
}

TEST(CertificateRequest, AnyChangedByteSpoilsIt) {
  const std::string der = *MakeCertificateRequest(*MakeKey());
  for (size_t i = 0; i < der.size(); i += 7) {
    std::string changed = der;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    EXPECT_FALSE(ReadCertificateRequest(changed).ok()) << i;
  }
}

// A request for what `point` (SEC 1 section 2.3.3) says is a key on P-256.
std::string ForgePoint(const std::vector<unsigned char>& point) {
  const KeyPtr signer(EVP_EC_gen("P-256"));
  const RequestPtr request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), signer.get());
  auto* bytes = static_cast<unsigned char*>(OPENSSL_memdup(point.data(), point.size()));
  X509_PUBKEY_set0_param(X509_REQ_get_X509_PUBKEY(request.get()),
                         OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                         OBJ_nid2obj(NID_X9_62_prime256v1), bytes, static_cast<int>(point.size()));
  X509_REQ_sign(request.get(), signer.get(), EVP_sha256());
  return Der(request.get());
}

TEST(CertificateRequest, APointThatIsNoKeyIsRefused) {
  std::vector<unsigned char> off_the_curve(65, 7);
  off_the_curve[0] = 4;
  const std::vector<unsigned char> infinity = {0};  // for which anybody can sign
  for (const auto& point : {off_the_curve, infinity}) {
    EXPECT_EQ(Complaint(ForgePoint(point)), "certificate request: its key must be one on P-256");
  }
}

TEST(CertificateRequest, OtherKindsOfKeysAreRefused) {
  const KeyPtr rsa(EVP_RSA_gen(2048));
  const KeyPtr large(EVP_EC_gen("P-521"));
  for (EVP_PKEY* key : {rsa.get(), large.get()}) {
    EXPECT_EQ(Complaint(Forge(key, key)), "certificate request: its key must be one on P-256");
  }
}

}  // namespace
}  // namespace postwatch
