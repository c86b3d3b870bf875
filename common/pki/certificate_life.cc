#include "common/pki/certificate_life.h"

#include "common/pki/certificate_names.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {

std::vector<CertificateLife> CertificateLives(std::string_view pem) {
  std::vector<CertificateLife> lives;
  for (const CertificatePtr& certificate : ReadCertificates(pem)) {
    const absl::StatusOr<absl::Time> from = NotBefore(certificate.get());
    const absl::StatusOr<absl::Time> to = NotAfter(certificate.get());
    lives.push_back(from.ok() && to.ok() ? CertificateLife{*from, *to} : CertificateLife());
  }
  return lives;
}

}  // namespace postwatch
