#include "common/pki/ca.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <utility>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/net/address.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

constexpr absl::Duration kBackdate = absl::Minutes(5);
constexpr absl::Duration kLongestLifetime = absl::Hours(24 * 366 * 20);
constexpr size_t kMaxAlternativeNames = 50;
constexpr size_t kMaxDnsNameBytes = 253;
constexpr int kSerialBytes = 16;
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

bool SetSerial(X509* certificate) {
  std::string bytes = RandomBytes(kSerialBytes);
  bytes[0] = static_cast<char>((bytes[0] & 0x7F) | 0x40);  // positive and of constant length
  const std::unique_ptr<BIGNUM, OpensslFree<BN_free>> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), kSerialBytes, nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
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
  Extensions extensions;
};

// Signs a new certificate for `key`; issuer null makes it self-signed.
absl::StatusOr<CertificatePtr> Sign(const Template& wanted, EVP_PKEY* key, X509* issuer,
                                    EVP_PKEY* issuer_key) {
  CertificatePtr certificate(X509_new());
  X509* raw = certificate.get();
  if (raw == nullptr) return Broken("make a certificate");
  if (issuer == nullptr) issuer = raw;
  bool ok = X509_set_version(raw, kVersion3) == 1 && SetSerial(raw) &&
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

absl::StatusOr<IssuedCertificate> ToPem(X509* certificate, EVP_PKEY* key) {
  const BioPtr certificate_bio(BIO_new(BIO_s_mem()));
  const BioPtr key_bio(BIO_new(BIO_s_secmem()));
  if (certificate_bio == nullptr || key_bio == nullptr ||
      PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return Broken("write a certificate as PEM");
  }
  const auto text = [](BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return std::string(bytes, static_cast<size_t>(size));
  };
  return IssuedCertificate{text(certificate_bio.get()), Secret(text(key_bio.get()))};
}

absl::Status CheckWithin(const X509* issuer, absl::Time not_after) {
  time_t end = absl::ToTimeT(not_after);
  if (X509_cmp_time(X509_get0_notAfter(issuer), &end) >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the certificate would outlive the authority that signs it; ask for a shorter lifetime or "
      "make a new authority");
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
                        {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                         {NID_key_usage, "critical,keyCertSign,cRLSign"},
                         {NID_subject_key_identifier, "hash"}}};
  absl::StatusOr<CertificatePtr> certificate = Sign(wanted, key.get(), nullptr, key.get());
  if (!certificate.ok()) return certificate.status();
  return ToPem(certificate->get(), key.get());
}

absl::StatusOr<IssuedCertificate> IssueIdentity(const IssuedCertificate& authority,
                                                const IdentityRequest& request, absl::Time now) {
  absl::StatusOr<std::string> names = AlternativeNames(request);
  if (!names.ok()) return names.status();
  absl::Status checked = CheckLifetime(request.lifetime);
  if (!checked.ok()) return checked;
  const CertificatePtr issuer = ReadCertificate(authority.certificate);
  const KeyPtr issuer_key = ReadPrivateKey(authority.key);
  if (issuer == nullptr || issuer_key == nullptr ||
      X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return absl::InvalidArgumentError(
        Concat("the authority's certificate and key do not belong together: ", OpensslError()));
  }
  checked = CheckWithin(issuer.get(), now + request.lifetime);
  if (!checked.ok()) return checked;
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Broken("make a key");
  const bool agent = request.identity.role == PeerRole::kAgent;
  const Template wanted{agent ? request.identity.name : "collector",
                        now - kBackdate,
                        now + request.lifetime,
                        {{NID_basic_constraints, "critical,CA:FALSE"},
                         {NID_key_usage, "critical,digitalSignature"},
                         {NID_ext_key_usage, agent ? "clientAuth" : "serverAuth"},
                         {NID_subject_key_identifier, "hash"},
                         {NID_authority_key_identifier, "keyid"},
                         {NID_subject_alt_name, *names}}};
  absl::StatusOr<CertificatePtr> certificate =
      Sign(wanted, key.get(), issuer.get(), issuer_key.get());
  if (!certificate.ok()) return certificate.status();
  return ToPem(certificate->get(), key.get());
}

}  // namespace postwatch
