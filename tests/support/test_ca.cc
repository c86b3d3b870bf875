#include "tests/support/test_ca.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "common/base/text.h"
#include "tests/support/test_folder.h"

namespace postwatch {
namespace {

using Certificate = std::shared_ptr<X509>;
using Key = std::shared_ptr<EVP_PKEY>;

void Require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(Concat("test certificates: ", what));
}

Key MakeKey(int rsa_bits) {
  EVP_PKEY* key =
      rsa_bits > 0 ? EVP_RSA_gen(static_cast<unsigned int>(rsa_bits)) : EVP_EC_gen("P-256");
  Require(key != nullptr, "key");
  return Key(key, EVP_PKEY_free);
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr, "extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate Begin(const std::string& name, absl::Time not_before, absl::Time not_after,
                  EVP_PKEY* key, X509* issuer) {
  static long serial = 1000;
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(certificate.get(),
                       X509_get_subject_name(issuer != nullptr ? issuer : certificate.get()));
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(not_before));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(not_after));
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

Certificate MakeAuthorityCertificate(const std::string& name, absl::Duration lasts, EVP_PKEY* key,
                                     X509* issuer, EVP_PKEY* issuer_key) {
  const absl::Time now = absl::Now();
  Certificate certificate = Begin(name, now - absl::Hours(24), now + lasts, key, issuer);
  X509* signer = issuer != nullptr ? issuer : certificate.get();
  Extend(certificate.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
  Extend(certificate.get(), signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  Extend(certificate.get(), signer, NID_subject_key_identifier, "hash");
  Require(X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0, "sign");
  return certificate;
}

Certificate MakeLeaf(const TestCertificateOptions& options, EVP_PKEY* key, X509* issuer,
                     EVP_PKEY* issuer_key) {
  std::string names;
  for (const std::string& name : options.dns_names) {
    Append(names, names.empty() ? "" : ",", "DNS:", name);
  }
  for (const std::string& ip : options.ips) Append(names, names.empty() ? "" : ",", "IP:", ip);
  Certificate leaf = Begin(options.dns_names.empty() ? "no-name" : options.dns_names.front(),
                           options.not_before, options.not_after, key, issuer);
  X509* signer = issuer != nullptr ? issuer : leaf.get();
  if (!names.empty()) Extend(leaf.get(), signer, NID_subject_alt_name, names);
  Extend(leaf.get(), signer, NID_ext_key_usage, "serverAuth");
  if (options.must_staple) Extend(leaf.get(), signer, NID_tlsfeature, "status_request");
  Require(X509_sign(leaf.get(), issuer_key, EVP_sha256()) > 0, "sign");
  return leaf;
}

std::string Text(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string CertificatePem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  return Text(bio);
}

std::string KeyPem(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return Text(bio);
}

}  // namespace

TestCa::TestCa(const std::string& name, absl::Duration lasts) : key_(MakeKey(0)) {
  certificate_ = MakeAuthorityCertificate(name, lasts, key_.get(), nullptr, key_.get());
}

TestCa TestCa::MakeIntermediate(const std::string& name, absl::Duration lasts) const {
  Key key = MakeKey(0);
  Certificate certificate =
      MakeAuthorityCertificate(name, lasts, key.get(), certificate_.get(), key_.get());
  return TestCa(std::move(certificate), std::move(key));
}

TestCertificate TestCa::Issue(const TestCertificateOptions& options, bool with_authority) const {
  const Key key = MakeKey(options.rsa_bits);
  const Certificate leaf = MakeLeaf(options, key.get(), certificate_.get(), key_.get());
  return {Concat(CertificatePem(leaf.get()), with_authority ? pem() : ""), KeyPem(key.get())};
}

TestCertificate TestCa::SelfSigned(const TestCertificateOptions& options) {
  const Key key = MakeKey(options.rsa_bits);
  const Certificate leaf = MakeLeaf(options, key.get(), nullptr, key.get());
  return {CertificatePem(leaf.get()), KeyPem(key.get())};
}

std::string TestCa::pem() const { return CertificatePem(certificate_.get()); }

std::shared_ptr<const TrustStore> TrustIn(const TestCa& ca) {
  const TestFolder folder;
  const std::string path = folder / "ca.pem";
  std::ofstream(path) << ca.pem();
  absl::StatusOr<std::shared_ptr<const TrustStore>> trust = TrustStore::FromFile(path);
  Require(trust.ok(), "trust");
  return *std::move(trust);
}

}  // namespace postwatch
