// dns_query: CPU of one DNS query, through our resolver or on a bare socket.
//   dns_query resolver --server IP --name NAME --queries N   typed replies, every record parsed
//   dns_query socket   --server IP --name NAME --queries N   the same packets, sent and received
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "bench/report.h"
#include "common/base/text.h"
#include "common/dns/resolver.h"

namespace postwatch::bench {
namespace {

constexpr long kInFlight = 50;

// One of several that share the work.
Task<void> Ask(Resolver& resolver, std::string name, long& left) {
  while (left > 0) {
    --left;
    const DnsQuestion question{.name = name, .type = RrType::kMx};
    const DnsReply reply = co_await resolver.Query(question);
    if (reply.transport != DnsTransport::kReplied || reply.message.answers.empty()) {
      Die(Concat("no answer: ", reply.detail, RcodeText(reply.message.rcode)));
    }
  }
}

void AskThroughResolver(const std::string& server, const std::string& name, long queries) {
  boost::asio::io_context loop;
  auto resolver = MakeCaresResolver({.server = {server, 53}});
  if (!resolver.ok()) Die(resolver.status().ToString());
  for (long i = 0; i < kInFlight; ++i) {
    boost::asio::co_spawn(loop, Ask(**resolver, name, queries), boost::asio::detached);
  }
  loop.run();
}

void AskOnSocket(const std::string& server, const std::string& name, long queries) {
  const absl::StatusOr<std::string> packet = EncodeQuery({.name = name, .type = RrType::kMx}, 1);
  if (!packet.ok()) Die(packet.status().ToString());
  const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  inet_pton(AF_INET, server.c_str(), &address.sin_addr);
  if (connect(udp, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Die("connect");
  long sent = 0, received = 0;
  while (received < queries) {
    while (sent < queries && sent - received < kInFlight) {
      if (send(udp, packet->data(), packet->size(), 0) < 0) Die("send");
      ++sent;
    }
    pollfd readable{udp, POLLIN, 0};
    if (poll(&readable, 1, 2000) != 1) Die("no answer within 2 s");
    char bytes[1500];
    while (recv(udp, bytes, sizeof bytes, 0) > 0) ++received;
  }
  close(udp);
}

int Run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const std::string server = Flag(argc, argv, "server", ""), name = Flag(argc, argv, "name", "");
  const long queries = IntegerFlag(argc, argv, "queries", 100000);
  const double cpu = CpuSeconds(), start = WallSeconds();
  if (mode == "resolver") {
    AskThroughResolver(server, name, queries);
  } else if (mode == "socket") {
    AskOnSocket(server, name, queries);
  } else {
    Die("usage: dns_query resolver|socket");
  }
  const double count = static_cast<double>(queries);
  Print(
      {{"cpu_us", (CpuSeconds() - cpu) / count * 1e6}, {"rate", count / (WallSeconds() - start)}});
  return 0;
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
