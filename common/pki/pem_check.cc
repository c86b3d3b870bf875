#include "common/pki/pem_check.h"

#include <openssl/x509_vfy.h>

#include "common/base/text.h"
#include "common/pki/certificate_names.h"
#include "common/pki/openssl_ptr.h"
#include "common/pki/revocation_list.h"

namespace postwatch {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;

// The certificates of a file; none, and a fault, when there is none to be had.
std::vector<CertificatePtr> Load(std::string_view key, const std::string& path,
                                 std::vector<PemFault>& faults) {
  if (path.empty()) return {};
  const absl::StatusOr<std::string> text = ReadPemFile(path);
  if (!text.ok()) {
    faults.push_back({key, std::string(FromAbsl(text.status().message()))});
    return {};
  }
  std::vector<CertificatePtr> certificates = ReadCertificates(*text);
  if (certificates.empty()) faults.push_back({key, Concat("no PEM certificate in ", path)});
  return certificates;
}

void CheckKey(const std::string& path, const PemPaths& paths, X509* certificate,
              std::vector<PemFault>& faults) {
  if (path.empty()) return;
  absl::StatusOr<std::string> text = ReadPemFile(path);
  if (!text.ok()) {
    faults.push_back({"key", std::string(FromAbsl(text.status().message()))});
    return;
  }
  const KeyPtr key = ReadPrivateKey(Secret(*std::move(text)));
  if (key == nullptr) {
    faults.push_back({"key", Concat("no unencrypted PEM private key in ", path)});
  } else if (certificate != nullptr && X509_check_private_key(certificate, key.get()) != 1) {
    faults.push_back({"key", Concat("the key in ", path, " does not belong to the certificate in ",
                                    paths.certificate)});
  }
  OpensslError();
}

// The first is the leaf.
void CheckChain(const std::vector<CertificatePtr>& own, const std::vector<CertificatePtr>& trusted,
                const PemPaths& paths, absl::Time now, std::vector<PemFault>& faults) {
  const StorePtr store(X509_STORE_new());
  const ContextPtr context(X509_STORE_CTX_new());
  STACK_OF(X509)* chain = sk_X509_new_null();
  if (store == nullptr || context == nullptr || chain == nullptr) std::abort();  // no memory
  for (const CertificatePtr& authority : trusted) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  for (const CertificatePtr& certificate : own) sk_X509_push(chain, certificate.get());
  X509_STORE_CTX_init(context.get(), store.get(), own.front().get(), chain);
  X509_STORE_CTX_set_time(context.get(), 0, absl::ToTimeT(now));
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  const bool good = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  const bool of_leaf = X509_STORE_CTX_get_error_depth(context.get()) == 0;
  sk_X509_free(chain);
  OpensslError();
  if (good) return;
  const std::string_view key = of_leaf ? "cert" : "ca";
  const std::string subject = Concat("the certificate in ", of_leaf ? paths.certificate : paths.ca);
  if (error == X509_V_ERR_CERT_HAS_EXPIRED) {
    faults.push_back({key, Concat(subject, " has expired")});
  } else if (error == X509_V_ERR_CERT_NOT_YET_VALID) {
    faults.push_back({key, Concat(subject, " is not valid yet; is the clock right?")});
  } else {
    faults.push_back({"cert", Concat("the certificate in ", paths.certificate,
                                     " was not issued by the authority in ", paths.ca)});
  }
}

}  // namespace

std::vector<PemFault> CheckPemFiles(const PemPaths& paths, absl::Time now) {
  std::vector<PemFault> faults;
  const std::vector<CertificatePtr> trusted = Load("ca", paths.ca, faults);
  const std::vector<CertificatePtr> own = Load("cert", paths.certificate, faults);
  if (!trusted.empty() && !own.empty()) CheckChain(own, trusted, paths, now, faults);
  CheckKey(paths.key, paths, own.empty() ? nullptr : own.front().get(), faults);
  return faults;
}

std::string AuthorityFileFault(const std::string& path) {
  std::vector<PemFault> faults;
  Load("ca", path, faults);
  return faults.empty() ? "" : faults.front().what;
}

std::string RevocationsFault(const std::string& crl, const std::string& ca) {
  const absl::StatusOr<std::string> list = ReadPemFile(crl, kMaxRevocationBytes);
  if (!list.ok()) return std::string(FromAbsl(list.status().message()));
  const absl::StatusOr<std::string> authorities = ReadPemFile(ca);
  if (!authorities.ok()) return "";
  const absl::Status read = RevocationList::Parse(*list, *authorities).status();
  return read.ok() ? "" : Concat(crl, ": ", FromAbsl(read.message()));
}

std::vector<PemFault> CheckAuthorityFiles(const std::string& certificate, const std::string& key,
                                          const std::string& trusted, absl::Time now) {
  if (certificate.empty() || key.empty()) return {};
  const absl::StatusOr<IssuedCertificate> authority = LoadIssuedCertificate(certificate, key);
  if (!authority.ok()) {
    const bool of_key = FromAbsl(authority.status().message()).find(key) != std::string_view::npos;
    return {{of_key ? "ca_key" : "ca_cert", std::string(FromAbsl(authority.status().message()))}};
  }
  const CertificatePtr own = ReadCertificate(authority->certificate);
  const absl::StatusOr<absl::Time> end = NotAfter(own.get());
  if (!end.ok() || *end <= now) {
    return {{"ca_cert", Concat("the certificate in ", certificate, " has expired")}};
  }
  const absl::StatusOr<std::string> all = ReadPemFile(trusted);
  if (!all.ok()) return {};
  for (const CertificatePtr& one : ReadCertificates(*all)) {
    if (X509_cmp(one.get(), own.get()) == 0) return {};
  }
  return {{"ca_cert", Concat("the certificate in ", certificate, " is not in ", trusted,
                             " (tls.ca): what it issues would not be let in")}};
}

}  // namespace postwatch
