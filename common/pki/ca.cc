#include "common/pki/ca.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/net/address.h"
#include "common/pki/certificate_names.h"
#include "common/pki/certificate_request.h"
#include "common/pki/openssl_ptr.h"
#include "common/pki/serial.h"

namespace postwatch {
namespace {

constexpr absl::Duration kLongestLifetime = absl::Hours(24 * 366 * 20);
constexpr size_t kMaxAlternativeNames = 50;
constexpr size_t kMaxDnsNameBytes = 253;
constexpr absl::Duration kShortestRest = absl::Hours(1);
constexpr long kVersion3 = 2;  // X.509 counts from 0

absl::Status Broken(std::string_view what) {
  return absl::InternalError(Concat("cannot ", what, ": ", OpensslError()));
}

absl::Status CheckLifetime(absl::Duration lifetime) {
  if (lifetime > absl::ZeroDuration() && lifetime <= kLongestLifetime) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("a certificate's lifetime must be more than 0 and at ",
                                           "most 20 years, not ", absl::FormatDuration(lifetime)));
}

// Strict, since the names go into OpenSSL's extension syntax, where a comma starts another entry.
bool IsDnsName(std::string_view name) {
  if (name.empty() || name.size() > kMaxDnsNameBytes) return false;
  for (const std::string_view label : Split(name, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return false;
    }
    for (const char c : label) {
      const bool ok =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      if (!ok) return false;
    }
  }
  return true;
}

absl::StatusOr<std::string> AlternativeNames(const IdentityRequest& request) {
  absl::StatusOr<std::string> uri = IdentityUri(request.identity);
  if (!uri.ok()) return uri.status();
  if (request.dns_names.size() + request.ips.size() > kMaxAlternativeNames) {
    return absl::InvalidArgumentError("a certificate takes at most 50 names and addresses");
  }
  std::string names = Concat("URI:", *uri);
  for (const std::string& name : request.dns_names) {
    if (!IsDnsName(name)) {
      return absl::InvalidArgumentError(Concat("'", name, "' is no host name"));
    }
    Append(names, ",DNS:", name);
  }
  for (const std::string& ip : request.ips) {
    if (!IsIpLiteral(ip)) return absl::InvalidArgumentError(Concat("'", ip, "' is no IP address"));
    Append(names, ",IP:", ip);
  }
  return names;
}

bool SetName(X509_NAME* name, std::string_view common_name) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

using Extensions = std::vector<std::pair<int, std::string>>;

struct Template {
  std::string common_name;
  absl::Time not_before;
  absl::Time not_after;
  absl::Time enrolled;
  Extensions extensions;
};

// Signs a new certificate for `key`; issuer null makes it self-signed.
absl::StatusOr<CertificatePtr> Sign(const Template& wanted, EVP_PKEY* key, X509* issuer,
                                    EVP_PKEY* issuer_key) {
  CertificatePtr certificate(X509_new());
  X509* raw = certificate.get();
  if (raw == nullptr) return Broken("make a certificate");
  if (issuer == nullptr) issuer = raw;
  bool ok = X509_set_version(raw, kVersion3) == 1 &&
            SetSerial(X509_get_serialNumber(raw), wanted.enrolled) &&
            SetName(X509_get_subject_name(raw), wanted.common_name) &&
            X509_set_issuer_name(raw, X509_get_subject_name(issuer)) == 1 &&
            ASN1_TIME_set(X509_getm_notBefore(raw), absl::ToTimeT(wanted.not_before)) != nullptr &&
            ASN1_TIME_set(X509_getm_notAfter(raw), absl::ToTimeT(wanted.not_after)) != nullptr &&
            X509_set_pubkey(raw, key) == 1;
  for (const auto& [nid, value] : wanted.extensions) {
    ok = ok && AddExtension(raw, issuer, nid, value);
  }
  if (!ok || X509_sign(raw, issuer_key, EVP_sha256()) == 0) return Broken("sign a certificate");
  return certificate;
}

absl::StatusOr<Secret> KeyToPem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Broken("write a key as PEM");
  }
  return Secret(TextOf(bio.get()));
}

absl::StatusOr<IssuedCertificate> WithKey(X509* certificate, EVP_PKEY* key) {
  absl::StatusOr<Secret> key_pem = KeyToPem(key);
  if (!key_pem.ok()) return key_pem.status();
  std::string pem = ToPem(certificate);
  if (pem.empty()) return Broken("write a certificate as PEM");
  return IssuedCertificate{std::move(pem), *std::move(key_pem)};
}

struct Issuer {
  CertificatePtr certificate;
  KeyPtr key;
};

absl::StatusOr<Issuer> ReadIssuer(const IssuedCertificate& authority) {
  Issuer issuer{ReadCertificate(authority.certificate), ReadPrivateKey(authority.key)};
  if (issuer.certificate == nullptr || issuer.key == nullptr ||
      X509_check_private_key(issuer.certificate.get(), issuer.key.get()) != 1) {
    return absl::InvalidArgumentError(
        Concat("the authority's certificate and key do not belong together: ", OpensslError()));
  }
  return issuer;
}

absl::Status CheckWithin(const X509* issuer, absl::Time not_after) {
  const absl::StatusOr<absl::Time> end = NotAfter(issuer);
  if (end.ok() && not_after <= *end) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the certificate would outlive the authority that signs it; ask for a shorter lifetime or "
      "make a new authority");
}

absl::StatusOr<CertificatePtr> SignIdentity(const Issuer& issuer, const IdentityRequest& request,
                                            EVP_PKEY* key, absl::Time now) {
  absl::StatusOr<std::string> names = AlternativeNames(request);
  if (!names.ok()) return names.status();
  absl::Status checked = CheckLifetime(request.lifetime);
  if (checked.ok()) checked = CheckWithin(issuer.certificate.get(), now + request.lifetime);
  if (!checked.ok()) return checked;
  const bool agent = request.identity.role == PeerRole::kAgent;
  const Template wanted{agent ? request.identity.name : "collector",
                        now - BackdateOf(request.lifetime),
                        now + request.lifetime,
                        request.enrolled == absl::InfinitePast() ? now : request.enrolled,
                        {{NID_basic_constraints, "critical,CA:FALSE"},
                         {NID_key_usage, "critical,digitalSignature"},
                         {NID_ext_key_usage, agent ? "clientAuth" : "serverAuth"},
                         {NID_subject_key_identifier, "hash"},
                         {NID_authority_key_identifier, "keyid"},
                         {NID_subject_alt_name, *names}}};
  return Sign(wanted, key, issuer.certificate.get(), issuer.key.get());
}

}  // namespace

absl::StatusOr<IssuedCertificate> MakeAuthority(std::string_view name, absl::Time now,
                                                absl::Duration lifetime) {
  if (!IsName(name)) {
    return absl::InvalidArgumentError(
        Concat("'", name, "' cannot name an authority: use a-z, 0-9, '.', '-' and '_'"));
  }
  absl::Status checked = CheckLifetime(lifetime);
  if (!checked.ok()) return checked;
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Broken("make a key");
  const Template wanted{std::string(name),
                        now - kBackdate,
                        now + lifetime,
                        now,
                        {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                         {NID_key_usage, "critical,keyCertSign,cRLSign"},
                         {NID_subject_key_identifier, "hash"}}};
  absl::StatusOr<CertificatePtr> certificate = Sign(wanted, key.get(), nullptr, key.get());
  if (!certificate.ok()) return certificate.status();
  return WithKey(certificate->get(), key.get());
}

bool KeyFits(const IssuedCertificate& issued) {
  const CertificatePtr certificate = ReadCertificate(issued.certificate);
  const KeyPtr key = ReadPrivateKey(issued.key);
  const bool fits = certificate != nullptr && key != nullptr &&
                    X509_check_private_key(certificate.get(), key.get()) == 1;
  OpensslError();
  return fits;
}

absl::StatusOr<Secret> MakeKey() {
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Broken("make a key");
  return KeyToPem(key.get());
}

absl::StatusOr<IssuedCertificate> IssueIdentity(const IssuedCertificate& authority,
                                                const IdentityRequest& request, absl::Time now) {
  const absl::StatusOr<Issuer> issuer = ReadIssuer(authority);
  if (!issuer.ok()) return issuer.status();
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Broken("make a key");
  absl::StatusOr<CertificatePtr> certificate = SignIdentity(*issuer, request, key.get(), now);
  if (!certificate.ok()) return certificate.status();
  return WithKey(certificate->get(), key.get());
}

absl::StatusOr<std::string> IssueFromRequest(const IssuedCertificate& authority,
                                             std::string_view certificate_request,
                                             IdentityRequest request, absl::Time now) {
  const absl::StatusOr<KeyPtr> key = ReadCertificateRequest(certificate_request);
  if (!key.ok()) return key.status();
  const absl::StatusOr<Issuer> issuer = ReadIssuer(authority);
  if (!issuer.ok()) return issuer.status();
  const absl::StatusOr<absl::Time> end = NotAfter(issuer->certificate.get());
  if (!end.ok()) return end.status();
  if (*end - now < kShortestRest) {
    return absl::FailedPreconditionError(
        "the authority has less than an hour left; make the next one with `postwatch ca rotate`");
  }
  request.lifetime = std::min(request.lifetime, *end - now);
  const absl::StatusOr<CertificatePtr> certificate =
      SignIdentity(*issuer, request, key->get(), now);
  if (!certificate.ok()) return certificate.status();
  std::string pem = ToPem(certificate->get());
  if (pem.empty()) return Broken("write a certificate as PEM");
  return pem;
}

absl::StatusOr<IdentityRequest> RequestLike(std::string_view certificate) {
  absl::StatusOr<IdentityCertificate> like = ParseIdentityCertificate(certificate);
  if (!like.ok()) return like.status();
  const CertificatePtr parsed = ReadCertificate(certificate);
  CertificateNames names = NamesOf(parsed.get());
  return IdentityRequest{std::move(like->identity), std::move(names.dns_names),
                         std::move(names.ips), LifetimeOf(like->not_after - like->not_before)};
}

}  // namespace postwatch
