#include "common/pki/openssl_ptr.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <string>

namespace postwatch {
namespace {

constexpr size_t kMaxPemBytes = 1024 * 1024;

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

std::string OpensslError() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

}  // namespace postwatch
