// TLS: what to demand of a handshake, and everything it showed, whether it was verified or not.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

struct ssl_ctx_st;     // OpenSSL's SSL_CTX
struct x509_store_st;  // OpenSSL's X509_STORE

namespace postwatch {

// One certificate as sent by the peer.
struct CertificateFacts {
  std::string subject;  // RFC 2253 form
  std::string issuer;
  std::vector<std::string> dns_names;  // subjectAltName dNSName entries
  absl::Time not_before;
  absl::Time not_after;
  std::string sha256;  // lower-case hex of the DER form
  int key_bits = 0;
  bool self_signed = false;
  bool must_staple = false;  // demands an OCSP response beside it (RFC 7633)
  std::string der;           // the certificate; a whole chain is at most 64 KiB
  std::string spki;          // its SubjectPublicKeyInfo, DER too: what TLSA records may name
};

// What one handshake showed. Collected before verification, so it survives a failed one.
struct TlsFacts {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  std::vector<CertificateFacts> chain;  // leaf first, at most 16
  bool verified = false;                // chain and name both fine
  long verify_error = 0;                // an X509_V_ERR_ code; 0 when the chain is fine
  int verify_depth = 0;                 // 0 = leaf; tells an expired leaf from an expired root
  std::string verify_text;              // OpenSSL's words for verify_error
  bool stapled = false;                 // an OCSP response came along (RFC 6066 section 8)
  bool name_matches = false;            // leaf covers the expected name (DNS-ID; CN is not used)
};

// The certificates that are trusted. Immutable after construction; shared by all connections.
class TrustStore {
 public:
  // The system's store.
  static absl::StatusOr<std::shared_ptr<const TrustStore>> System();
  // The CA certificates of a PEM file *instead of* the system's.
  static absl::StatusOr<std::shared_ptr<const TrustStore>> FromFile(const std::string& pem_path);

  // Trusts nobody: for handshakes whose facts alone are wanted.
  static std::shared_ptr<const TrustStore> Empty();

  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  x509_store_st* get() const { return store_; }

  // The client settings common to all connections, made once: making them costs more than a
  // handshake. Certificates are judged after the handshake (tls_verify.h), never by OpenSSL in it.
  ssl_ctx_st* client_context() const { return context_; }

 private:
  explicit TrustStore(x509_store_st* store);

  x509_store_st* store_;
  ssl_ctx_st* context_;
};

struct TlsSettings {
  std::string server_name;  // SNI and the name the leaf must cover; an IP literal sends no SNI
  std::shared_ptr<const TrustStore> trust;  // null trusts nobody
  // true: an unverified peer is an error (kTlsUntrusted), after the facts were collected. A session
  // that will carry a password must set it. false: record only (MX hosts, RFC 7672 practice).
  bool require_verified = true;
  // To find out why a handshake failed: takes every version, cipher and key OpenSSL still knows
  // (security level 0). Nothing may be said over such a connection that is not public.
  bool diagnostic = false;
};

}  // namespace postwatch
