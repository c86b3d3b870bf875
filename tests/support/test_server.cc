#include "tests/support/test_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <stdexcept>
#include <utility>

namespace postwatch {
namespace {

constexpr int kLongestWaitSeconds = 10;
constexpr int kClientsToFillAListener = 4;

int Listen(Address& address, int backlog) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&name), size) != 0 || ::listen(fd, backlog) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    throw std::runtime_error("test server: cannot listen on loopback");
  }
  address = Address{"127.0.0.1", ntohs(name.sin_port)};
  return fd;
}

void BoundWaits(int fd) {
  const timeval limit{kLongestWaitSeconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

using TlsContext = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

bool UseCertificate(SSL_CTX* context, const TestCertificate& certificate) {
  const std::unique_ptr<BIO, void (*)(BIO*)> chain(
      BIO_new_mem_buf(certificate.chain.data(), static_cast<int>(certificate.chain.size())),
      BIO_free_all);
  const std::unique_ptr<BIO, void (*)(BIO*)> key_bio(
      BIO_new_mem_buf(certificate.key.data(), static_cast<int>(certificate.key.size())),
      BIO_free_all);
  const std::unique_ptr<X509, void (*)(X509*)> leaf(
      PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return false;
  }
  while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    SSL_CTX_add0_chain_cert(context, next);
  }
  return true;
}

// Null when the certificate cannot be used.
TlsContext MakeServerContext(const TestCertificate& certificate, ServerTls mode) {
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);  // bad certificates are what this is for
  if (mode == ServerTls::kOnlyTls10) {
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_VERSION);
  }
  if (!UseCertificate(context.get(), certificate)) context.reset();
  return context;
}

struct NamedContext {
  std::string name;
  TlsContext context;
};

int ChooseByName(SSL* ssl, int*, void* choice) {
  const auto* named = static_cast<const NamedContext*>(choice);
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked != nullptr && named->name == asked) SSL_set_SSL_CTX(ssl, named->context.get());
  return SSL_TLSEXT_ERR_OK;
}

int SendStaple(SSL* ssl, void* staple) {
  const auto& bytes = *static_cast<const std::string*>(staple);
  void* copy = OPENSSL_memdup(bytes.data(), bytes.size());
  return SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<int>(bytes.size())) == 1
             ? SSL_TLSEXT_ERR_OK
             : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

TestPeer::~TestPeer() { Close(); }

bool TestPeer::Send(std::string_view bytes) {
  if (ssl_ != nullptr) return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

int TestPeer::Receive(char* bytes, int size) {
  if (ssl_ != nullptr) return SSL_read(ssl_, bytes, size);
  return static_cast<int>(::recv(fd_, bytes, static_cast<size_t>(size), 0));
}

std::string TestPeer::ReceiveLine() {
  std::string line;
  char c = 0;
  while (Receive(&c, 1) == 1) {
    if (c == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      break;
    }
    line += c;
  }
  return line;
}

bool TestPeer::StartTls(const TestCertificate& certificate, ServerTls mode,
                        const NamedCertificate* named) {
  const TlsContext context = MakeServerContext(certificate, mode);
  if (context == nullptr) return false;
  NamedContext choice{"", TlsContext(nullptr, SSL_CTX_free)};
  if (named != nullptr) {
    choice = {named->name, MakeServerContext(named->certificate, mode)};
    if (choice.context == nullptr) return false;
    SSL_CTX_set_tlsext_servername_callback(context.get(), ChooseByName);
    SSL_CTX_set_tlsext_servername_arg(context.get(), &choice);
  }
  std::string staple = certificate.staple;
  if (!staple.empty()) {
    SSL_CTX_set_tlsext_status_cb(context.get(), SendStaple);
    SSL_CTX_set_tlsext_status_arg(context.get(), &staple);
  }
  ssl_ = SSL_new(context.get());
  SSL_set_fd(ssl_, fd_);
  if (SSL_accept(ssl_) != 1) return false;
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  sni_ = name != nullptr ? name : "";
  return true;
}

void TestPeer::WaitForClose() {
  char bytes[4096];
  while (Receive(bytes, sizeof(bytes)) > 0) {
  }
}

void TestPeer::StopSending() { ::shutdown(fd_, SHUT_WR); }

void TestPeer::Reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

void TestPeer::Close() {
  SSL_free(std::exchange(ssl_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

TestServer::TestServer(std::function<void(TestPeer&)> serve) : listener_(Listen(address_, 16)) {
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this, serve = std::move(serve)] {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    BoundWaits(fd);
    TestPeer peer(fd);
    serve(peer);
  });
}

TestServer::~TestServer() {
  ::shutdown(listener_, SHUT_RDWR);  // ends an accept nobody came for
  thread_.join();
  ::close(listener_);
}

Address RefusingAddress() {
  Address address;
  ::close(Listen(address, 1));
  return address;
}

FullListener::FullListener() : listener_(Listen(address_, 0)) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(address_.port);
  for (int i = 0; i < kClientsToFillAListener; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name));
    clients_.push_back(fd);
  }
}

FullListener::~FullListener() {
  for (const int fd : clients_) ::close(fd);
  ::close(listener_);
}

}  // namespace postwatch
