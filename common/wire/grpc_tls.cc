#include "common/wire/grpc_tls.h"

#include <fcntl.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

// A file with the text; -1 when there is none to be had.
int InMemory(std::string_view text) {
  const int fd = ::memfd_create("tls", MFD_CLOEXEC);
  if (fd < 0 || ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    return fd;
  }
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

}  // namespace

absl::StatusOr<ChangingServerTls> ChangingServerTls::Make(const TlsTexts& texts) {
  ChangingServerTls made;
  if (absl::Status written = made.Change(texts); !written.ok()) return written;
  if (const std::string path = PathOf(made.key_); ::access(path.c_str(), R_OK) != 0) {
    return absl::FailedPreconditionError(Concat("keep certificates in memory: read ", path, ": ",
                                                std::strerror(errno), "; is /proc mounted?"));
  }
  return made;
}

// Whoever opens one of the places finds the old file or the new one, whole.
absl::Status ChangingServerTls::Change(const TlsTexts& texts) {
  const std::array<std::string_view, 3> wanted = {texts.ca, texts.certificate, texts.key};
  const std::array<int*, 3> places = {&ca_, &certificate_, &key_};
  std::array<int, 3> fresh = {-1, -1, -1};
  std::ranges::transform(wanted, fresh.begin(), InMemory);
  const bool all = std::ranges::find(fresh, -1) == fresh.end();
  const int error = errno;
  for (size_t i = 0; i < places.size(); ++i) {
    if (all && *places[i] < 0) {
      *places[i] = fresh[i];
      continue;
    }
    if (all) ::dup3(fresh[i], *places[i], O_CLOEXEC);  // onto one that is open: it cannot run out
    if (fresh[i] >= 0) ::close(fresh[i]);
  }
  if (all) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      Concat("cannot keep certificates in memory: ", std::strerror(error)));
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
