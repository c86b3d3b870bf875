#include "common/wire/grpc_tls.h"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>

#include "common/base/secret.h"

namespace postwatch {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned int kLookEverySeconds = 1;

// A suite that needs a pre-shared key, which we never have, hence none of TLS 1.2. Those of TLS 1.3
// are another list. Set before main, since gRPC reads it once and threads may read it too.
[[maybe_unused]] const int kOnlyTls13 =
    ::setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);

std::shared_ptr<grpc::ServerCredentials> ServerTls(
    std::shared_ptr<tls::CertificateProviderInterface> provider, ClientCertificate client) {
  tls::TlsServerCredentialsOptions options(std::move(provider));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(client == ClientCertificate::kRequired
                                    ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                    : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  return tls::TlsServerCredentials(options);
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> WatchingServerTls(const TlsFiles& files,
                                                           ClientCertificate client) {
  return ServerTls(std::make_shared<tls::FileWatcherCertificateProvider>(
                       files.key, files.certificate, files.ca, kLookEverySeconds),
                   client);
}

std::shared_ptr<grpc::ServerCredentials> FixedServerTls(const TlsTexts& texts,
                                                        ClientCertificate client) {
  const std::vector<tls::IdentityKeyCertPair> own = {{texts.key, texts.certificate}};
  return ServerTls(std::make_shared<tls::StaticDataCertificateProvider>(texts.ca, own), client);
}

std::shared_ptr<grpc::ChannelCredentials> ClientTls(const TlsTexts& texts) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = texts.ca;
  options.pem_cert_chain = texts.certificate;
  options.pem_private_key = texts.key;
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::SslCredentials(options);
  WipeBytes(options.pem_private_key);
  return credentials;
}

std::shared_ptr<grpc::ChannelCredentials> UnverifiedTls() {
  tls::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  return tls::TlsCredentials(options);
}

}  // namespace postwatch
