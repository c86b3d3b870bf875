#include "tests/support/dns_server.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <list>
#include <utility>

#include "common/dns/wire.h"

namespace postwatch {
namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;
constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr size_t kHeaderBytes = 12;
constexpr uint16_t kFlagQr = 0x8000, kFlagAa = 0x0400, kFlagTc = 0x0200, kFlagRa = 0x0080,
                   kFlagAd = 0x0020, kFlagsEchoed = 0x0110;  // RD, CD

std::string Wire16(uint16_t value) {
  WireWriter out;
  out.U16(value);
  return out.Take();
}

std::string WireName(std::string_view name) {
  WireWriter out;
  out.Name(name);
  return out.Take();
}

uint16_t Read16(std::string_view bytes) {
  DnsWireReader in(bytes);
  uint16_t value = 0;
  in.U16(value);
  return value;
}

}  // namespace

DnsReplyBuilder::DnsReplyBuilder(std::string_view query)
    : id_(query.substr(0, 2)),
      flags_(kFlagQr | kFlagRa | (Read16(query.substr(2)) & kFlagsEchoed)) {
  size_t end = query.find('\0', kHeaderBytes);
  question_ = std::string(query.substr(kHeaderBytes, end - kHeaderBytes + 5));
}

DnsReplyBuilder& DnsReplyBuilder::Set(Rcode rcode) {
  flags_ = static_cast<uint16_t>((flags_ & 0xfff0) | (static_cast<uint16_t>(rcode) & 0xf));
  return *this;
}

DnsReplyBuilder& DnsReplyBuilder::Truncated() {
  flags_ |= kFlagTc;
  return *this;
}

DnsReplyBuilder& DnsReplyBuilder::Authoritative() {
  flags_ |= kFlagAa;
  return *this;
}

DnsReplyBuilder& DnsReplyBuilder::Authentic() {
  flags_ |= kFlagAd;
  return *this;
}

DnsReplyBuilder& DnsReplyBuilder::Id(uint16_t id) {
  id_ = Wire16(id);
  return *this;
}

DnsReplyBuilder& DnsReplyBuilder::Question(std::string_view name, RrType type) {
  question_ = WireName(name) + Wire16(static_cast<uint16_t>(type)) + Wire16(1);
  return *this;
}

DnsReplyBuilder& DnsReplyBuilder::Answer(RrType type, std::string_view rdata) {
  WireWriter out;
  out.U16(0xc00c);  // the question's name
  out.U16(static_cast<uint16_t>(type));
  out.U16(1);
  out.U32(300);
  out.U16(static_cast<uint16_t>(rdata.size()));
  out.Bytes(rdata);
  answers_ += out.Take();
  ++answer_count_;
  return *this;
}

DnsReplyBuilder& DnsReplyBuilder::Mx(uint16_t preference, std::string_view host) {
  return Answer(RrType::kMx, Wire16(preference) + WireName(host));
}

DnsReplyBuilder& DnsReplyBuilder::Txt(std::string_view text) {
  return Answer(RrType::kTxt, std::string(1, static_cast<char>(text.size())) + std::string(text));
}

DnsReplyBuilder& DnsReplyBuilder::Edns(uint16_t extended_error, std::string_view text,
                                       uint8_t upper_rcode) {
  WireWriter out;
  out.U8(0);
  out.U16(static_cast<uint16_t>(RrType::kOpt));
  out.U16(1232);
  out.U32(uint32_t{upper_rcode} << 24);
  out.U16(static_cast<uint16_t>(text.size() + 6));
  out.U16(15);
  out.U16(static_cast<uint16_t>(text.size() + 2));
  out.U16(extended_error);
  out.Bytes(text);
  opt_ = out.Take();
  return *this;
}

std::string DnsReplyBuilder::Build() const {
  return id_ + Wire16(flags_) + Wire16(1) + Wire16(answer_count_) + Wire16(0) +
         Wire16(opt_.empty() ? 0 : 1) + question_ + answers_ + opt_;
}

struct DnsServer::State {
  explicit State(boost::asio::io_context& io) : udp_socket(io), acceptor(io) {}
  udp::socket udp_socket;
  tcp::acceptor acceptor;
  std::list<std::weak_ptr<tcp::socket>> connections;
  Script udp_script, tcp_script;
  bool byte_by_byte = false, close_on_query = false;
  std::vector<std::string> udp_queries, tcp_queries;

  static boost::asio::awaitable<void> ServeUdp(std::shared_ptr<State> state);
  static boost::asio::awaitable<void> ServeTcp(std::shared_ptr<State> state);
  static boost::asio::awaitable<void> ServeConnection(std::shared_ptr<State> state,
                                                      std::shared_ptr<tcp::socket> socket);
  static boost::asio::awaitable<bool> Send(std::shared_ptr<State> state,
                                           std::shared_ptr<tcp::socket> socket, std::string bytes);
  void Close();
};

boost::asio::awaitable<void> DnsServer::State::ServeUdp(std::shared_ptr<State> state) {
  std::array<char, 65536> buffer;
  udp::endpoint from;
  while (true) {
    auto received =
        co_await state->udp_socket.async_receive_from(boost::asio::buffer(buffer), from, kAwait);
    if (std::get<0>(received)) co_return;
    state->udp_queries.emplace_back(buffer.data(), std::get<1>(received));
    if (!state->udp_script) continue;
    std::vector<std::string> packets = state->udp_script(state->udp_queries.back());
    boost::system::error_code ignored;
    for (const std::string& packet : packets) {
      state->udp_socket.send_to(boost::asio::buffer(packet), from, 0, ignored);
    }
  }
}

boost::asio::awaitable<void> DnsServer::State::ServeTcp(std::shared_ptr<State> state) {
  while (true) {
    auto socket = std::make_shared<tcp::socket>(state->acceptor.get_executor());
    auto accepted = co_await state->acceptor.async_accept(*socket, kAwait);
    if (std::get<0>(accepted)) co_return;
    state->connections.push_back(socket);
    auto executor = socket->get_executor();
    boost::asio::co_spawn(executor, ServeConnection(state, std::move(socket)),
                          boost::asio::detached);
  }
}

boost::asio::awaitable<bool> DnsServer::State::Send(std::shared_ptr<State> state,
                                                    std::shared_ptr<tcp::socket> socket,
                                                    std::string bytes) {
  boost::system::error_code ignored;
  socket->set_option(tcp::no_delay(true), ignored);
  size_t step = state->byte_by_byte ? 1 : bytes.size();
  for (size_t at = 0; at < bytes.size(); at += step) {
    auto piece = boost::asio::buffer(bytes.data() + at, step);
    auto written = co_await boost::asio::async_write(*socket, piece, kAwait);
    if (std::get<0>(written)) co_return false;
  }
  co_return true;
}

boost::asio::awaitable<void> DnsServer::State::ServeConnection(
    std::shared_ptr<State> state, std::shared_ptr<tcp::socket> socket) {
  while (true) {
    std::string prefix(2, '\0');
    auto header = co_await boost::asio::async_read(*socket, boost::asio::buffer(prefix), kAwait);
    if (std::get<0>(header)) co_return;
    std::string query(Read16(prefix), '\0');
    auto body = co_await boost::asio::async_read(*socket, boost::asio::buffer(query), kAwait);
    if (std::get<0>(body)) co_return;
    state->tcp_queries.push_back(query);
    if (state->close_on_query) co_return;
    if (!state->tcp_script) continue;
    std::vector<std::string> packets = state->tcp_script(query);
    for (const std::string& packet : packets) {
      std::string framed = Wire16(static_cast<uint16_t>(packet.size())) + packet;
      bool sent = co_await Send(state, socket, std::move(framed));
      if (!sent) co_return;
    }
  }
}

void DnsServer::State::Close() {
  boost::system::error_code ignored;
  udp_socket.close(ignored);
  acceptor.close(ignored);
  for (const auto& weak : connections) {
    if (std::shared_ptr<tcp::socket> socket = weak.lock()) socket->close(ignored);
  }
}

DnsServer::DnsServer(boost::asio::io_context& io, bool tcp) : state_(std::make_shared<State>(io)) {
  const auto loopback = boost::asio::ip::address_v4::loopback();
  // The kernel picks the UDP port; somebody else may have that number for TCP.
  for (boost::system::error_code taken = boost::asio::error::address_in_use; taken;) {
    if (state_->udp_socket.is_open()) state_->udp_socket.close();
    if (state_->acceptor.is_open()) state_->acceptor.close();
    state_->udp_socket.open(udp::v4());
    state_->udp_socket.bind(udp::endpoint(loopback, 0));
    taken = {};
    if (!tcp) continue;
    tcp::endpoint same(loopback, state_->udp_socket.local_endpoint().port());
    state_->acceptor.open(boost::asio::ip::tcp::v4());
    state_->acceptor.bind(same, taken);
  }
  boost::asio::co_spawn(io, State::ServeUdp(state_), boost::asio::detached);
  if (!tcp) return;
  state_->acceptor.listen();
  boost::asio::co_spawn(io, State::ServeTcp(state_), boost::asio::detached);
}

DnsServer::~DnsServer() { state_->Close(); }

void DnsServer::OnUdp(Script script) { state_->udp_script = std::move(script); }
void DnsServer::OnTcp(Script script) { state_->tcp_script = std::move(script); }
void DnsServer::SendByteByByte() { state_->byte_by_byte = true; }
void DnsServer::CloseOnQuery() { state_->close_on_query = true; }

Address DnsServer::address() const {
  return {"127.0.0.1", state_->udp_socket.local_endpoint().port()};
}

const std::vector<std::string>& DnsServer::udp_queries() const { return state_->udp_queries; }
const std::vector<std::string>& DnsServer::tcp_queries() const { return state_->tcp_queries; }

}  // namespace postwatch
