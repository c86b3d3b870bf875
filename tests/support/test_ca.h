// TestCa: certificates good and bad, made on the spot.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/net/tls.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY
struct x509_st;      // OpenSSL's X509

namespace postwatch {

// What a server presents: its chain, leaf first, and the leaf's key, both as PEM.
struct TestCertificate {
  std::string chain;
  std::string key;
  std::string staple;  // for an OCSP response, to clients that ask for one; "" for none
};

struct TestCertificateOptions {
  std::vector<std::string> dns_names = {"mx.example"};
  std::vector<std::string> ips;
  absl::Time not_before = absl::Now() - absl::Hours(1);
  absl::Time not_after = absl::Now() + absl::Hours(24 * 30);
  bool must_staple = false;  // demands an OCSP response beside it
  int rsa_bits = 0;          // 0 = an EC key on P-256
};

class TestCa {
 public:
  static constexpr absl::Duration kYear = absl::Hours(24 * 365);

  // A self-signed root, valid since a day ago until `lasts` from now (negative: it has expired).
  explicit TestCa(const std::string& name, absl::Duration lasts = kYear);

  // An authority signed by this one.
  TestCa MakeIntermediate(const std::string& name, absl::Duration lasts = kYear) const;

  // A server certificate; its chain holds the leaf and, when asked to, the authority itself.
  TestCertificate Issue(const TestCertificateOptions& options, bool with_authority = false) const;

  // Signed by its own key.
  static TestCertificate SelfSigned(const TestCertificateOptions& options);

  std::string pem() const;

 private:
  TestCa(std::shared_ptr<x509_st> certificate, std::shared_ptr<evp_pkey_st> key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}

  std::shared_ptr<x509_st> certificate_;
  std::shared_ptr<evp_pkey_st> key_;
};

// A store that trusts nobody else.
std::shared_ptr<const TrustStore> TrustIn(const TestCa& ca);

}  // namespace postwatch
