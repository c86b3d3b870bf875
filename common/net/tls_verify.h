// TlsVerify: reads a finished handshake's facts, then judges the peer's certificates.
#pragma once

#include <string>
#include <string_view>

#include "common/net/tls.h"

struct ssl_st;   // OpenSSL's SSL
struct x509_st;  // OpenSSL's X509

namespace postwatch {

// Everything the handshake showed, judged against `trust` (never null) and `name` (DNS name or IP
// literal). The chain and the name are judged apart: each may be bad alone. An unverified peer is
// no error here.
TlsFacts ReadTlsFacts(ssl_st* ssl, const TrustStore& trust, const std::string& name);

// The facts of one certificate.
CertificateFacts ReadCertificateFacts(x509_st* certificate);

// A sentence for an unverified peer: what was expected and what is wrong.
std::string DescribeDistrust(const TlsFacts& facts, std::string_view name);

}  // namespace postwatch
