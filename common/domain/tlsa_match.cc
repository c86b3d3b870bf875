#include "common/domain/tlsa_match.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr uint8_t kTrustAnchor = 2;  // DANE-TA
constexpr uint8_t kEndEntity = 3;    // DANE-EE
constexpr uint8_t kWholeCertificate = 0;
constexpr uint8_t kPublicKey = 1;
constexpr uint8_t kExact = 0;
constexpr uint8_t kSha256 = 1;
constexpr uint8_t kSha512 = 2;

constexpr size_t kShownBytes = 32;
constexpr size_t kMaxShown = 8;  // records, in a text

struct FreeX509 {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeStore {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
struct FreeContext {
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
};
// The certificates in it belong to somebody else.
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

std::string Digest(std::string_view bytes, const EVP_MD* method) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, method, nullptr) != 1) return "";
  return {reinterpret_cast<const char*>(digest), size};
}

Certificate Decode(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return Certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
}

bool Names(const TlsaRecord& record, const CertificateFacts& certificate) {
  const std::string& selected = record.selector == kPublicKey ? certificate.spki : certificate.der;
  if (selected.empty()) return false;
  switch (record.matching_type) {
    case kExact:
      return record.data == selected;
    case kSha256:
      return record.data == Digest(selected, EVP_sha256());
    default:
      return record.data == Digest(selected, EVP_sha512());
  }
}

// "" when the leaf chains to the certificate `anchor` (DER) and has one of the names; else why not.
std::string AnchorMistake(std::span<const CertificateFacts> chain, const std::string& anchor,
                          std::span<const std::string> names, absl::Time now) {
  std::vector<Certificate> certificates;
  const std::unique_ptr<STACK_OF(X509), FreeStack> sent(sk_X509_new_null());
  for (const CertificateFacts& facts : chain) {
    certificates.push_back(Decode(facts.der));
    if (certificates.back() == nullptr) return "a certificate of the chain cannot be read";
    sk_X509_push(sent.get(), certificates.back().get());
  }
  const Certificate trusted = Decode(anchor);
  if (trusted == nullptr) return "no certificate that can be read";
  const std::unique_ptr<X509_STORE, FreeStore> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), trusted.get());
  const std::unique_ptr<X509_STORE_CTX, FreeContext> context(X509_STORE_CTX_new());
  X509* leaf = certificates.front().get();
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, sent.get()) != 1) return "no memory";
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(rules, absl::ToTimeT(now));
  if (X509_verify_cert(context.get()) != 1) {
    return Concat(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())),
                  " at depth ", X509_STORE_CTX_get_error_depth(context.get()));
  }
  const bool named = std::ranges::any_of(names, [leaf](const std::string& name) {
    return X509_check_host(leaf, name.data(), name.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                           nullptr) == 1;
  });
  return named ? "" : Concat("the certificate is not for ", Join(names, " or "));
}

// Whether the key (SubjectPublicKeyInfo, DER) made the certificate's signature.
bool Signed(const std::string& spki, const CertificateFacts& facts) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(spki.data());
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      d2i_PUBKEY(nullptr, &bytes, static_cast<long>(spki.size())));
  const Certificate certificate = Decode(facts.der);
  return key != nullptr && certificate != nullptr && X509_verify(certificate.get(), key.get()) == 1;
}

// The certificates (DER) that a record of usage 2 makes trust anchors: those of the chain it names,
// or the one it holds itself. For a bare key that is not in the chain those signed by it stand in.
std::vector<std::string> AnchorsOf(const TlsaRecord& record,
                                   std::span<const CertificateFacts> chain) {
  std::vector<std::string> anchors;
  for (const CertificateFacts& facts : chain.subspan(1)) {
    if (Names(record, facts)) anchors.push_back(facts.der);
  }
  if (!anchors.empty() || record.matching_type != kExact) return anchors;
  if (record.selector == kWholeCertificate) return {record.data};
  for (const CertificateFacts& facts : chain) {
    if (Signed(record.data, facts)) anchors.push_back(facts.der);
  }
  return anchors;
}

// "" when the record names the certificate served.
std::string Mistake(const TlsaRecord& record, std::span<const CertificateFacts> chain,
                    std::span<const std::string> names, absl::Time now) {
  if (record.usage == kEndEntity) {
    return Names(record, chain.front()) ? "" : "not of the served certificate";
  }
  std::string mistake = "of no authority in the served chain";
  for (const std::string& anchor : AnchorsOf(record, chain)) {
    mistake = AnchorMistake(chain, anchor, names, now);
    if (mistake.empty()) break;
  }
  ERR_clear_error();
  return mistake;
}

}  // namespace

std::string TlsaText(const TlsaRecord& record) {
  const std::string_view data = std::string_view(record.data).substr(0, kShownBytes);
  return Concat(static_cast<int>(record.usage), " ", static_cast<int>(record.selector), " ",
                static_cast<int>(record.matching_type), " ", absl::BytesToHexString(ToAbsl(data)),
                data.size() < record.data.size() ? "..." : "");
}

bool IsUsableTlsa(const TlsaRecord& record) {
  if (record.usage != kTrustAnchor && record.usage != kEndEntity) return false;
  if (record.selector != kWholeCertificate && record.selector != kPublicKey) return false;
  switch (record.matching_type) {
    case kExact:
      return !record.data.empty();
    case kSha256:
      return record.data.size() == 32;
    case kSha512:
      return record.data.size() == 64;
    default:
      return false;
  }
}

std::string KeyFingerprint(const CertificateFacts& certificate) {
  if (certificate.spki.empty()) return "";
  return absl::BytesToHexString(Digest(certificate.spki, EVP_sha256()));
}

TlsaVerdict MatchTlsa(std::span<const TlsaRecord> records, std::span<const CertificateFacts> chain,
                      std::span<const std::string> names, absl::Time now) {
  if (chain.empty()) return {false, "the server sent no certificate", {}};
  TlsaVerdict verdict;
  std::vector<std::string> lacking;
  for (const TlsaRecord& record : records) {
    if (!IsUsableTlsa(record)) continue;
    const std::string mistake = Mistake(record, chain, names, now);
    const std::string text = TlsaText(record);
    if (!mistake.empty()) {
      if (lacking.size() < kMaxShown) lacking.push_back(Concat(text, " is ", mistake));
      if (verdict.others.size() < kMaxShown) verdict.others.push_back(text);
    } else if (!verdict.matches) {
      verdict.matches = true;
      verdict.why = text;
    }
  }
  if (verdict.matches) return verdict;
  verdict.why = lacking.empty() ? "no record can be used" : Join(lacking, "; ");
  return verdict;
}

}  // namespace postwatch
