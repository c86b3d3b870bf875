// DnsServer: a scripted DNS server on loopback, UDP and TCP on one port, on the test's event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/message.h"
#include "common/net/dialer.h"

namespace postwatch {

// Builds a reply packet to `query` (which must be well-formed): same id and question, QR and RA
// set.
class DnsReplyBuilder {
 public:
  explicit DnsReplyBuilder(std::string_view query);

  DnsReplyBuilder& Set(Rcode rcode);  // the low four bits
  DnsReplyBuilder& Truncated();
  DnsReplyBuilder& Authoritative();
  DnsReplyBuilder& Authentic();  // AD
  DnsReplyBuilder& Id(uint16_t id);
  DnsReplyBuilder& Question(std::string_view name, RrType type);  // instead of the query's own
  // One answer, owned by the question's name; `rdata` in wire form.
  DnsReplyBuilder& Answer(RrType type, std::string_view rdata);
  DnsReplyBuilder& Mx(uint16_t preference, std::string_view host);
  DnsReplyBuilder& Txt(std::string_view text);  // at most 255 bytes
  // OPT with this extended error (RFC 8914) and upper rcode bits.
  DnsReplyBuilder& Edns(uint16_t extended_error, std::string_view text, uint8_t upper_rcode = 0);

  std::string Build() const;

 private:
  std::string id_, question_, answers_, opt_;
  uint16_t flags_;
  uint16_t answer_count_ = 0;
};

class DnsServer {
 public:
  // Packets to send for a query, in order; none = silence.
  using Script = std::function<std::vector<std::string>(const std::string& query)>;

  // Listens on 127.0.0.1 at once; silent until scripted. `tcp` false: TCP connections are refused.
  explicit DnsServer(boost::asio::io_context& io, bool tcp = true);
  ~DnsServer();  // closes everything; may outlive no io_context

  void OnUdp(Script script);
  void OnTcp(Script script);  // packets get their length prefix here
  // Sends over TCP one byte in a segment.
  void SendByteByByte();
  // Closes TCP connections after the first query instead of answering.
  void CloseOnQuery();

  Address address() const;
  const std::vector<std::string>& udp_queries() const;
  const std::vector<std::string>& tcp_queries() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace postwatch
