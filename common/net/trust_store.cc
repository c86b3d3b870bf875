#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <string>

#include "common/base/text.h"
#include "common/net/tls.h"

namespace postwatch {
namespace {

// Of the peer's certificate message; OpenSSL refuses longer ones.
constexpr long kMaxCertificateBytes = 64 * 1024;

// Certificates are judged after the handshake, so that what was wrong is known in full.
int AcceptForNow(X509_STORE_CTX*, void*) { return 1; }

SSL_CTX* MakeClientContext() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Mail servers often drop the connection without close_notify; who needs the end of the data to
  // be authentic has it in the protocol (the final reply, the literal's length).
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kMaxCertificateBytes);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, AcceptForNow, nullptr);
  return context;
}

std::string OpensslReason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "no certificate could be read";
}

}  // namespace

// Out of memory is the only way for either to fail; nothing of ours works then.
TrustStore::TrustStore(x509_store_st* store) : store_(store), context_(MakeClientContext()) {
  if (store_ == nullptr || context_ == nullptr) std::abort();
}

TrustStore::~TrustStore() {
  SSL_CTX_free(context_);
  X509_STORE_free(store_);
}

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::System() {
  std::shared_ptr<const TrustStore> trust(new TrustStore(X509_STORE_new()));
  if (X509_STORE_set_default_paths(trust->get()) != 1) {
    return absl::FailedPreconditionError(
        Concat("cannot load the system's trusted certificates: ", OpensslReason(),
               "; install ca-certificates or name a CA file"));
  }
  ERR_clear_error();
  return trust;
}

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::FromFile(
    const std::string& pem_path) {
  std::shared_ptr<const TrustStore> trust(new TrustStore(X509_STORE_new()));
  if (X509_STORE_load_file(trust->get(), pem_path.c_str()) != 1) {
    return absl::InvalidArgumentError(Concat("cannot load CA certificates from ", pem_path, ": ",
                                             OpensslReason(), "; it must be a PEM file"));
  }
  return trust;
}

std::shared_ptr<const TrustStore> TrustStore::Empty() {
  static const auto* empty =
      new std::shared_ptr<const TrustStore>(new TrustStore(X509_STORE_new()));
  return *empty;
}

}  // namespace postwatch
