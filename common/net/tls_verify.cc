#include "common/net/tls_verify.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "common/net/address.h"

namespace postwatch {
namespace {

constexpr int kMaxChain = 16;
constexpr int kMaxDnsNames = 100;
constexpr int kMaxDnsNameBytes = 255;
constexpr size_t kMaxNameBytes = 512;

// TLS extensions a certificate can demand (RFC 6066 section 8, RFC 6961).
constexpr long kStatusRequest = 5;
constexpr long kStatusRequestV2 = 17;

// What Debian's OpenSSL demands of keys and signatures by default (112 bits).
constexpr int kSecurityLevel = 2;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};

std::string NameText(const X509_NAME* name) {
  const std::unique_ptr<BIO, Freer<BIO_free>> bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || name == nullptr) return "";
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  if (size <= 0) return "";
  return std::string(Truncate({text, static_cast<size_t>(size)}, kMaxNameBytes));
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm utc{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &utc) != 1) return absl::InfinitePast();
  return absl::FromTM(utc, absl::UTCTimeZone());
}

void FreeNames(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }

std::vector<std::string> DnsNamesOf(X509* certificate) {
  std::vector<std::string> result;
  const std::unique_ptr<GENERAL_NAMES, Freer<FreeNames>> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return result;
  const int count = std::min(sk_GENERAL_NAME_num(names.get()), kMaxDnsNames);
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    const int length = std::min(ASN1_STRING_length(name->d.dNSName), kMaxDnsNameBytes);
    result.emplace_back(bytes, static_cast<size_t>(length));
  }
  return result;
}

void FreeFeatures(TLS_FEATURE* features) { TLS_FEATURE_free(features); }

// Whether the TLS feature extension lists status_request, in its first or second version.
bool MustStaple(const X509* certificate) {
  const std::unique_ptr<TLS_FEATURE, Freer<FreeFeatures>> features(
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate, NID_tlsfeature, nullptr, nullptr)));
  const int count = features == nullptr ? 0 : sk_ASN1_INTEGER_num(features.get());
  for (int i = 0; i < count; ++i) {
    const long feature = ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i));
    if (feature == kStatusRequest || feature == kStatusRequestV2) return true;
  }
  return false;
}

std::string Fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return "";
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
}

template <class T>
std::string Der(const T* thing, int (*encode)(const T*, unsigned char**)) {
  const int size = thing == nullptr ? 0 : encode(thing, nullptr);
  if (size <= 0) return "";
  std::string bytes(static_cast<size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  encode(thing, &out);
  return bytes;
}

void VerifyChain(X509* leaf, STACK_OF(X509) * chain, const TrustStore& trust, TlsFacts& facts) {
  const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), trust.get(), leaf, chain) != 1) {
    facts.verify_error = X509_V_ERR_OUT_OF_MEM;
  } else {
    X509_STORE_CTX_set_default(context.get(), "ssl_server");
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context.get()), kSecurityLevel);
    if (X509_verify_cert(context.get()) != 1) {
      facts.verify_error = X509_STORE_CTX_get_error(context.get());
      facts.verify_depth = X509_STORE_CTX_get_error_depth(context.get());
      if (facts.verify_error == X509_V_OK) facts.verify_error = X509_V_ERR_UNSPECIFIED;
    }
  }
  facts.verify_text = X509_verify_cert_error_string(facts.verify_error);
}

// RFC 6125: the names of the certificate's subjectAltName only, wildcards as a whole label only.
bool NameMatches(X509* leaf, const std::string& name) {
  if (name.empty()) return false;
  if (IsIpLiteral(name)) return X509_check_ip_asc(leaf, name.c_str(), 0) == 1;
  constexpr unsigned kFlags =
      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_host(leaf, name.data(), name.size(), kFlags, nullptr) == 1;
}

}  // namespace

CertificateFacts ReadCertificateFacts(X509* certificate) {
  CertificateFacts facts;
  facts.subject = NameText(X509_get_subject_name(certificate));
  facts.issuer = NameText(X509_get_issuer_name(certificate));
  facts.dns_names = DnsNamesOf(certificate);
  facts.not_before = TimeOf(X509_get0_notBefore(certificate));
  facts.not_after = TimeOf(X509_get0_notAfter(certificate));
  facts.sha256 = Fingerprint(certificate);
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  facts.key_bits = key != nullptr ? EVP_PKEY_get_bits(key) : 0;
  facts.self_signed = X509_self_signed(certificate, 0) == 1;
  facts.must_staple = MustStaple(certificate);
  facts.der = Der(certificate, i2d_X509);
  facts.spki = Der(X509_get_X509_PUBKEY(certificate), i2d_X509_PUBKEY);
  return facts;
}

TlsFacts ReadTlsFacts(SSL* ssl, const TrustStore& trust, const std::string& name) {
  TlsFacts facts;
  facts.version = SSL_get_version(ssl);
  facts.cipher = SSL_get_cipher_name(ssl);
  unsigned char* staple = nullptr;
  facts.stapled = SSL_get_tlsext_status_ocsp_resp(ssl, static_cast<void*>(&staple)) > 0;
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  const int count = chain == nullptr ? 0 : std::min(sk_X509_num(chain), kMaxChain);
  for (int i = 0; i < count; ++i) {
    facts.chain.push_back(ReadCertificateFacts(sk_X509_value(chain, i)));
  }
  if (count == 0) {
    facts.verify_error = X509_V_ERR_UNSPECIFIED;
    facts.verify_text = "the peer sent no certificate";
  } else {
    X509* leaf = sk_X509_value(chain, 0);
    VerifyChain(leaf, chain, trust, facts);
    facts.name_matches = NameMatches(leaf, name);
  }
  facts.verified = facts.verify_error == X509_V_OK && facts.name_matches;
  // What odd certificates left in OpenSSL's queue must not be taken for the next operation's error.
  ERR_clear_error();
  return facts;
}

std::string DescribeDistrust(const TlsFacts& facts, std::string_view name) {
  if (facts.verify_error != X509_V_OK) {
    return Concat("the certificate of ", name, " is not trusted: ", facts.verify_text, " (depth ",
                  facts.verify_depth, ")");
  }
  constexpr size_t kNamesShown = 5;
  std::vector<std::string> names =
      facts.chain.empty() ? std::vector<std::string>{} : facts.chain.front().dns_names;
  if (names.size() > kNamesShown) names.resize(kNamesShown);
  return Concat("the certificate does not cover ", name, " but ",
                names.empty() ? std::string("no name") : Join(names, ", "));
}

}  // namespace postwatch
