#include "common/pki/certificate_names.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

constexpr int kIpv4Bytes = 4;
constexpr int kIpv6Bytes = 16;

void FreeNames(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }
using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<FreeNames>>;

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

// "" when it is neither of both.
std::string IpText(const ASN1_OCTET_STRING* bytes) {
  const int size = ASN1_STRING_length(bytes);
  if (size != kIpv4Bytes && size != kIpv6Bytes) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool read = ::inet_ntop(size == kIpv4Bytes ? AF_INET : AF_INET6,
                                ASN1_STRING_get0_data(bytes), text.data(), text.size()) != nullptr;
  return read ? text.data() : "";
}

}  // namespace

CertificateNames NamesOf(const X509* certificate) {
  CertificateNames out;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) {
      out.uris.push_back(TextOf(name->d.uniformResourceIdentifier));
    } else if (name->type == GEN_DNS) {
      out.dns_names.push_back(TextOf(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      out.ips.push_back(IpText(name->d.iPAddress));
    }
  }
  return out;
}

absl::StatusOr<absl::Time> ToTime(const ASN1_TIME* time) {
  std::tm utc{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &utc) != 1) {
    return absl::InvalidArgumentError("the certificate's dates cannot be read");
  }
  return absl::FromTM(utc, absl::UTCTimeZone());
}

absl::StatusOr<absl::Time> NotBefore(const X509* certificate) {
  return ToTime(X509_get0_notBefore(certificate));
}

absl::StatusOr<absl::Time> NotAfter(const X509* certificate) {
  return ToTime(X509_get0_notAfter(certificate));
}

}  // namespace postwatch
