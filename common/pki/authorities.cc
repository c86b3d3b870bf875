#include "common/pki/authorities.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/pki/certificate_names.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr size_t kHexDigits = 64;

std::string HashOf(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  const bool made = size > 0 && EVP_Digest(der, static_cast<size_t>(size), digest.data(), &length,
                                           EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  if (!made) return "";
  return Concat(kPrefix,
                absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), length}));
}

bool IsValidAt(const X509* certificate, absl::Time now) {
  const absl::StatusOr<absl::Time> from = NotBefore(certificate);
  const absl::StatusOr<absl::Time> to = NotAfter(certificate);
  return from.ok() && to.ok() && *from <= now && now < *to;
}

}  // namespace

std::vector<std::string> AuthorityHashes(std::string_view authorities) {
  std::vector<std::string> hashes;
  for (const CertificatePtr& authority : ReadCertificates(authorities)) {
    hashes.push_back(HashOf(authority.get()));
  }
  return hashes;
}

bool IsAuthorityHash(std::string_view text) {
  return text.starts_with(kPrefix) && text.size() == kPrefix.size() + kHexDigits &&
         text.find_first_not_of("0123456789abcdef", kPrefix.size()) == text.npos;
}

absl::StatusOr<std::string> KnownByHash(std::string_view authorities,
                                        const std::vector<std::string>& hashes) {
  std::string known;
  for (const CertificatePtr& authority : ReadCertificates(authorities)) {
    const std::string hash = HashOf(authority.get());
    const bool asked_for = !hash.empty() && std::ranges::find(hashes, hash) != hashes.end();
    if (asked_for) known += ToPem(authority.get());
  }
  if (!known.empty()) return known;
  return absl::UnauthenticatedError(Concat("the authority has another hash than ",
                                           Join(hashes, " or "), "; it has ",
                                           Join(AuthorityHashes(authorities), " and ")));
}

absl::StatusOr<std::string> MergeAuthorities(std::string_view first, std::string_view second,
                                             absl::Time now) {
  std::string merged;
  std::vector<CertificatePtr> taken;
  for (const std::string_view text : {first, second}) {
    for (CertificatePtr& authority : ReadCertificates(text)) {
      const absl::StatusOr<absl::Time> end = NotAfter(authority.get());
      const bool there = std::ranges::any_of(taken, [&authority](const CertificatePtr& other) {
        return X509_cmp(authority.get(), other.get()) == 0;
      });
      if (there || !end.ok() || *end <= now) continue;
      merged += ToPem(authority.get());
      taken.push_back(std::move(authority));
    }
  }
  if (!merged.empty()) return merged;
  return absl::InvalidArgumentError("there is no authority whose certificate has not ended");
}

absl::Status CheckIssuedBy(std::string_view certificate, std::string_view authorities,
                           absl::Time now) {
  const CertificatePtr leaf = ReadCertificate(certificate);
  if (leaf == nullptr) return absl::UnauthenticatedError("there is no certificate to look at");
  bool issued = false;
  for (const CertificatePtr& authority : ReadCertificates(authorities)) {
    issued = issued || (IsValidAt(authority.get(), now) &&
                        X509_check_issued(authority.get(), leaf.get()) == X509_V_OK &&
                        X509_verify(leaf.get(), X509_get0_pubkey(authority.get())) == 1);
  }
  OpensslError();
  if (!issued) return absl::UnauthenticatedError("the certificate is of another authority");
  if (!IsValidAt(leaf.get(), now)) {
    return absl::UnauthenticatedError("the certificate has ended, or is not valid yet");
  }
  return absl::OkStatus();
}

}  // namespace postwatch
