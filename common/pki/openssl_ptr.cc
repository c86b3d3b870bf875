#include "common/pki/openssl_ptr.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <string>

namespace postwatch {
namespace {

constexpr size_t kMaxPemBytes = 1024 * 1024;
constexpr size_t kMaxCertificates = 1000;  // of one text

BioPtr Reader(std::string_view text) {
  if (text.empty() || text.size() > kMaxPemBytes) return nullptr;
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key that wants a passphrase must not make a daemon ask for it on its terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

CertificatePtr ReadCertificate(std::string_view pem) {
  const BioPtr bio = Reader(pem);
  if (bio == nullptr) return nullptr;
  return CertificatePtr(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
}

KeyPtr ReadPrivateKey(const Secret& pem) {
  const BioPtr bio = Reader(pem.Reveal());
  if (bio == nullptr) return nullptr;
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
}

std::vector<CertificatePtr> ReadCertificates(std::string_view pem) {
  std::vector<CertificatePtr> certificates;
  const BioPtr text = Reader(pem);
  while (text != nullptr && certificates.size() < kMaxCertificates) {
    CertificatePtr next(PEM_read_bio_X509(text.get(), nullptr, NoPassphrase, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  OpensslError();  // that there is no further one
  return certificates;
}

std::string TextOf(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return size <= 0 ? "" : std::string(bytes, static_cast<size_t>(size));
}

std::string ToPem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1) return "";
  return TextOf(bio.get());
}

std::string OpensslError() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

}  // namespace postwatch
