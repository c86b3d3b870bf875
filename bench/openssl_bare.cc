// openssl_bare: OpenSSL on a blocking socket and nothing else, with the same server.
//   openssl_bare handshake --ip IP --host NAME --ca FILE --probes N  port 465: connect, handshake
//   openssl_bare dialogue  --ip IP --host NAME --ca FILE --probes N  port 25: what the probe says
// Chain and name are verified in both.
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "bench/report.h"

namespace postwatch::bench {
namespace {

constexpr size_t kReplyBytes = 4096;

class Connection {
 public:
  Connection(const std::string& ip, uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      Die(std::string("connect: ") + std::strerror(errno));
    }
  }
  ~Connection() {
    SSL_free(tls_);
    close(socket_);
  }

  void Handshake(SSL_CTX* context, const std::string& host) {
    tls_ = SSL_new(context);
    SSL_set_tlsext_host_name(tls_, host.c_str());
    SSL_set1_host(tls_, host.c_str());
    SSL_set_verify(tls_, SSL_VERIFY_PEER, nullptr);
    SSL_set_fd(tls_, socket_);
    if (SSL_connect(tls_) != 1) Die("the handshake failed");
  }

  // One command, and its reply to the last line.
  void Say(const std::string& command) {
    if (!command.empty()) Send(command + "\r\n");
    std::string reply;
    while (!Complete(reply)) Receive(reply);
    if (reply[0] != '2') Die("the server said: " + reply);
  }

 private:
  static bool Complete(const std::string& reply) {
    if (!reply.ends_with('\n')) return false;
    const size_t before = reply.rfind('\n', reply.size() - 2);
    const size_t last = before == std::string::npos ? 0 : before + 1;
    return reply.size() > last + 3 && reply[last + 3] == ' ';
  }
  void Send(const std::string& text) {
    const int size = static_cast<int>(text.size());
    const long sent = tls_ == nullptr ? send(socket_, text.data(), text.size(), 0)
                                      : SSL_write(tls_, text.data(), size);
    if (sent != size) Die("cannot write");
  }
  void Receive(std::string& reply) {
    char bytes[kReplyBytes];
    const long got = tls_ == nullptr ? recv(socket_, bytes, sizeof bytes, 0)
                                     : SSL_read(tls_, bytes, sizeof bytes);
    if (got <= 0) Die("the server has gone");
    reply.append(bytes, static_cast<size_t>(got));
  }

  int socket_;
  SSL* tls_ = nullptr;
};

void Dialogue(SSL_CTX* context, const std::string& ip, const std::string& host) {
  Connection connection(ip, 25);
  connection.Say("");
  connection.Say("EHLO eu.agents.test");
  connection.Say("STARTTLS");
  connection.Handshake(context, host);
  connection.Say("EHLO eu.agents.test");
  connection.Say("QUIT");
}

int Run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode != "handshake" && mode != "dialogue") Die("usage: openssl_bare handshake|dialogue");
  const std::string ip = Flag(argc, argv, "ip", ""), host = Flag(argc, argv, "host", "");
  const long probes = IntegerFlag(argc, argv, "probes", 300);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (SSL_CTX_load_verify_file(context, Flag(argc, argv, "ca", "").c_str()) != 1) Die("no CA");
  const double cpu = CpuSeconds(), start = WallSeconds();
  for (long i = 0; i < probes; ++i) {
    if (mode == "handshake") {
      Connection(ip, 465).Handshake(context, host);
    } else {
      Dialogue(context, ip, host);
    }
  }
  const double count = static_cast<double>(probes);
  Print({{"cpu_us", (CpuSeconds() - cpu) / count * 1e6},
         {"wall_us", (WallSeconds() - start) / count * 1e6}});
  SSL_CTX_free(context);
  return 0;
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
