#include "common/wire/grpc_tls.h"

#include <fcntl.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/base/secret.h"
#include "common/base/text.h"

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

std::string PathOf(int fd) { return Concat("/proc/self/fd/", fd); }

// A file of its own with the text, in place of the one that is there: whoever opens `place` finds
// either, whole.
absl::Status Put(std::string_view text, int& place) {
  const int fd = ::memfd_create("tls", MFD_CLOEXEC);
  const bool written =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (written && place < 0) {
    place = fd;
    return absl::OkStatus();
  }
  const bool put = written && ::dup3(fd, place, O_CLOEXEC) >= 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (put) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      Concat("cannot keep a certificate in memory: ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<ChangingServerTls> ChangingServerTls::Make(const TlsTexts& texts) {
  ChangingServerTls made;
  if (absl::Status written = made.Change(texts); !written.ok()) return written;
  return made;
}

absl::Status ChangingServerTls::Change(const TlsTexts& texts) {
  for (const auto& [text, place] :
       {std::pair(&texts.ca, &ca_), std::pair(&texts.certificate, &certificate_),
        std::pair(&texts.key, &key_)}) {
    if (absl::Status put = Put(*text, *place); !put.ok()) return put;
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> ChangingServerTls::Credentials(
    ClientCertificate client) const {
  return ServerTls(std::make_shared<tls::FileWatcherCertificateProvider>(
                       PathOf(key_), PathOf(certificate_), PathOf(ca_), kLookEverySeconds),
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
