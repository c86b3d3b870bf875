#include "common/pki/certificate_request.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>

#include <array>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr long kVersion1 = 0;  // PKCS #10 counts from 0
constexpr std::string_view kCurve = "prime256v1";

using CheckPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, OpensslFree<X509_REQ_free>>;

absl::Status Bad(std::string_view what) {
  OpensslError();
  return absl::InvalidArgumentError(Concat("certificate request: ", what));
}

bool IsSound(EVP_PKEY* key) {
  const CheckPtr check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return check != nullptr && EVP_PKEY_public_check(check.get()) == 1;
}

// A key with parameters of its own, or on a curve that is spelled out, is refused with the rest,
// and so is a point that anybody could sign for: the one at infinity.
bool IsOnP256(EVP_PKEY* key) {
  std::array<char, 64> group{};
  size_t size = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == kCurve && IsSound(key);
}

}  // namespace

absl::StatusOr<std::string> MakeCertificateRequest(const Secret& key) {
  const KeyPtr parsed = ReadPrivateKey(key);
  if (parsed == nullptr) return Bad("there is no unencrypted private key to ask for");
  const RequestPtr request(X509_REQ_new());
  unsigned char* der = nullptr;
  int size = -1;
  if (request != nullptr && X509_REQ_set_version(request.get(), kVersion1) == 1 &&
      X509_REQ_set_pubkey(request.get(), parsed.get()) == 1 &&
      X509_REQ_sign(request.get(), parsed.get(), EVP_sha256()) > 0) {
    size = i2d_X509_REQ(request.get(), &der);
  }
  if (size <= 0) return absl::InternalError(Concat("cannot make a request: ", OpensslError()));
  std::string out(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

absl::StatusOr<KeyPtr> ReadCertificateRequest(std::string_view der) {
  if (der.empty()) return Bad("it is missing");
  if (der.size() > kMaxCertificateRequestBytes) {
    return Bad(Concat("it has ", der.size(), " bytes, allowed are ", kMaxCertificateRequestBytes));
  }
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = at + der.size();
  const RequestPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (request == nullptr || at != end) return Bad("it is not PKCS #10 in DER");
  KeyPtr key(X509_REQ_get_pubkey(request.get()));
  if (key == nullptr || !IsOnP256(key.get())) return Bad("its key must be one on P-256");
  if (X509_REQ_verify(request.get(), key.get()) != 1) {
    return Bad("its signature does not fit its key");
  }
  return key;
}

}  // namespace postwatch
