#include "common/dns/cares_channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kRandomBytesAtOnce = 512;
constexpr size_t kHeaderBytes = 12;
constexpr auto kSweepEvery = std::chrono::seconds(1);

uint16_t IdOf(std::string_view packet) {
  return static_cast<uint16_t>(static_cast<uint8_t>(packet[0]) << 8 |
                               static_cast<uint8_t>(packet[1]));
}

absl::Status LibraryReady() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  if (status == ARES_SUCCESS) return absl::OkStatus();
  return absl::InternalError(Concat("c-ares does not start: ", ares_strerror(status)));
}

absl::Status SetServer(ares_channel channel, const Address& server) {
  ares_addr_port_node node = {};
  if (inet_pton(AF_INET, server.ip.c_str(), &node.addr) == 1) {
    node.family = AF_INET;
  } else if (inet_pton(AF_INET6, server.ip.c_str(), &node.addr) == 1) {
    node.family = AF_INET6;
  } else {
    return absl::InvalidArgumentError(
        Concat("DNS server \"", server.ip, "\" is not an IPv4 or IPv6 address"));
  }
  node.udp_port = node.tcp_port = server.port;
  int status = ares_set_servers_ports(channel, &node);
  if (status == ARES_SUCCESS) return absl::OkStatus();
  return absl::InternalError(
      Concat("c-ares does not take server ", AddressText(server), ": ", ares_strerror(status)));
}

}  // namespace

struct CaresChannel::Socket {
  explicit Socket(const boost::asio::any_io_executor& executor) : descriptor(executor) {}
  boost::asio::posix::stream_descriptor descriptor;
  // What c-ares wants to hear of, and what is being waited for; read, then write.
  bool wanted[2] = {}, waiting[2] = {};
};

// c-ares reports every failed call as "could not contact DNS servers"; errno is only seen here.
struct CaresChannel::SocketCalls {
  static void Note(CaresChannel& channel, const char* call) {
    int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS || error == EINTR) return;
    channel.last_error_ = Concat(call, ": ", std::strerror(error));
    errno = error;
  }

  static ares_socket_t Open(int family, int type, int protocol, void* self) {
    auto& channel = *static_cast<CaresChannel*>(self);
    int fd = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      Note(channel, "socket");
      return ARES_SOCKET_BAD;
    }
    int on = 1;
    if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    auto socket = std::make_shared<Socket>(channel.executor_);
    boost::system::error_code error;
    socket->descriptor.assign(fd, error);
    if (error) {
      channel.last_error_ = Concat("epoll: ", error.message());
      ::close(fd);
      return ARES_SOCKET_BAD;
    }
    channel.sockets_[fd] = std::move(socket);
    return fd;
  }

  static int Close(ares_socket_t fd, void* self) {
    auto& channel = *static_cast<CaresChannel*>(self);
    auto found = channel.sockets_.find(fd);
    if (found == channel.sockets_.end()) return -1;
    std::shared_ptr<Socket> socket = std::move(found->second);
    channel.sockets_.erase(found);
    boost::system::error_code ignored;
    socket->descriptor.close(ignored);
    return 0;
  }

  static int Connect(ares_socket_t fd, const sockaddr* address, ares_socklen_t size, void* self) {
    int result = ::connect(fd, address, size);
    if (result < 0) Note(*static_cast<CaresChannel*>(self), "connect");
    return result;
  }

  static ares_ssize_t Receive(ares_socket_t fd, void* data, size_t size, int flags, sockaddr* from,
                              ares_socklen_t* from_size, void* self) {
    auto& channel = *static_cast<CaresChannel*>(self);
    channel.NoteUnclaimedDatagram();
    ares_ssize_t count = ::recvfrom(fd, data, size, flags, from, from_size);
    if (count < 0) {
      Note(channel, "receive");
    } else if (channel.protocol_ == Protocol::kUdp) {
      channel.datagram_ = {static_cast<const char*>(data), static_cast<size_t>(count)};
      channel.datagram_head_.assign(channel.datagram_.substr(0, kHeaderBytes));
      channel.datagram_claimed_ = false;
    } else if (count == 0) {
      channel.last_error_ = "the server closed the connection";
    }
    return count;
  }

  static ares_ssize_t Send(ares_socket_t fd, const iovec* pieces, int count, void* self) {
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<size_t>(count);
    ares_ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0) Note(*static_cast<CaresChannel*>(self), "send");
    return sent;
  }

  static constexpr ares_socket_functions kTable = {Open, Close, Connect, Receive, Send};
};

absl::StatusOr<std::shared_ptr<CaresChannel>> CaresChannel::Make(const Address& server,
                                                                 Protocol protocol,
                                                                 absl::Duration give_up) {
  if (absl::Status status = LibraryReady(); !status.ok()) return status;
  std::shared_ptr<CaresChannel> channel(new CaresChannel(protocol));
  if (absl::Status status = channel->Init(server, give_up); !status.ok()) return status;
  return channel;
}

absl::Status CaresChannel::Init(const Address& server, absl::Duration give_up) {
  ares_options options = {};
  // NOCHECKRESP: else SERVFAIL and REFUSED are swallowed. IGNTC: a truncated reply is a fact of its
  // own; the caller asks again over TCP and can tell which of the two failed.
  options.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
                  ARES_FLAG_IGNTC | (protocol_ == Protocol::kTcp ? ARES_FLAG_USEVC : 0);
  options.timeout = static_cast<int>(absl::ToInt64Milliseconds(give_up));
  options.tries = 1;
  options.ndots = 0;
  char lookups[] = "b";
  options.lookups = lookups;
  options.sock_state_cb = OnSocketState;
  options.sock_state_cb_data = this;
  int status = ares_init_options(&channel_, &options,
                                 ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                     ARES_OPT_NDOTS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return absl::InternalError(Concat("c-ares makes no channel: ", ares_strerror(status)));
  }
  ares_set_socket_functions(channel_, &SocketCalls::kTable, this);
  return SetServer(channel_, server);
}

CaresChannel::~CaresChannel() { Shutdown(); }

uint16_t CaresChannel::FreshId() {
  while (true) {
    if (random_.size() < 2) random_ = RandomBytes(kRandomBytesAtOnce);
    uint16_t id = IdOf(std::string_view(random_).substr(random_.size() - 2));
    random_.resize(random_.size() - 2);
    if (!by_id_.contains(id)) return id;
  }
}

void CaresChannel::Send(const boost::asio::any_io_executor& executor, std::string_view packet,
                        const std::shared_ptr<DnsExchange>& exchange) {
  if (channel_ == nullptr) {
    exchange->done = true;
    exchange->reply.transport = DnsTransport::kCancelled;
    return;
  }
  if (!sweep_.has_value()) {
    executor_ = executor;
    sweep_.emplace(executor);
  }
  exchange->channel = this;
  exchange->self = exchange;
  exchange->id = IdOf(packet);
  ++exchange->outstanding;
  ++outstanding_;
  by_id_[exchange->id] = exchange.get();
  ares_send(channel_, reinterpret_cast<const unsigned char*>(packet.data()),
            static_cast<int>(packet.size()), OnAnswer, exchange.get());
  ArmSweep();
}

void CaresChannel::OnAnswer(void* arg, int status, int /*timeouts*/, unsigned char* packet,
                            int size) {
  auto& exchange = *static_cast<DnsExchange*>(arg);
  CaresChannel& channel = *exchange.channel;
  --channel.outstanding_;
  std::shared_ptr<DnsExchange> last_reference;
  if (--exchange.outstanding == 0) {
    last_reference = std::move(exchange.self);
    auto found = channel.by_id_.find(exchange.id);
    if (found != channel.by_id_.end() && found->second == &exchange) channel.by_id_.erase(found);
  }
  std::string_view bytes;
  if (packet != nullptr) {
    bytes = {reinterpret_cast<const char*>(packet), static_cast<size_t>(size)};
    // c-ares cuts what it hands on at 512 bytes unless it made the EDNS query itself.
    if (bytes.data() == channel.datagram_.data()) bytes = channel.datagram_;
    channel.datagram_claimed_ = true;
  }
  if (!exchange.done) channel.Finish(exchange, status, bytes);
}

void CaresChannel::Finish(DnsExchange& exchange, int status, std::string_view packet) {
  DnsReply& reply = exchange.reply;
  reply.over_tcp = protocol_ == Protocol::kTcp;
  if (status == ARES_SUCCESS) {
    absl::StatusOr<DnsMessage> message = ParseMessage(packet);
    if (!message.ok()) {
      reply.transport = DnsTransport::kMalformed;
      reply.detail = std::string(message.status().message());
    } else if (!message->is_reply) {
      reply.transport = DnsTransport::kMalformed;
      reply.detail = "the query itself came back (QR bit not set)";
    } else {
      reply.transport = DnsTransport::kReplied;
      reply.message = *std::move(message);
    }
  } else if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION) {
    reply.transport = DnsTransport::kCancelled;
  } else if (status == ARES_ETIMEOUT) {
    reply.transport = DnsTransport::kTimeout;
  } else {
    reply.transport = DnsTransport::kUnreachable;
    reply.detail = last_error_.empty() ? ares_strerror(status) : last_error_;
  }
  exchange.done = true;
  exchange.wake.cancel();
}

void CaresChannel::NoteUnclaimedDatagram() {
  if (std::exchange(datagram_claimed_, true)) return;
  datagram_ = {};
  if (datagram_head_.size() < kHeaderBytes) {
    for (auto& [id, exchange] : by_id_) {
      exchange->ignored = Concat("a datagram of ", datagram_head_.size(), " bytes is no reply");
    }
    return;
  }
  // Anyone may send a wrong id; only who saw the query knows the right one.
  auto found = by_id_.find(IdOf(datagram_head_));
  if (found != by_id_.end()) found->second->ignored = "a reply does not repeat the question";
}

void CaresChannel::OnSocketState(void* self, ares_socket_t fd, int readable, int writable) {
  auto& channel = *static_cast<CaresChannel*>(self);
  auto found = channel.sockets_.find(fd);
  if (found == channel.sockets_.end()) return;
  std::shared_ptr<Socket> socket = found->second;
  socket->wanted[0] = readable != 0;
  socket->wanted[1] = writable != 0;
  channel.Arm(socket, false);
  channel.Arm(socket, true);
}

void CaresChannel::Arm(const std::shared_ptr<Socket>& socket, bool writing) {
  if (!socket->wanted[writing] || socket->waiting[writing]) return;
  socket->waiting[writing] = true;
  auto what = writing ? boost::asio::posix::descriptor_base::wait_write
                      : boost::asio::posix::descriptor_base::wait_read;
  socket->descriptor.async_wait(
      what, [weak = weak_from_this(), socket, writing](boost::system::error_code error) {
        socket->waiting[writing] = false;
        std::shared_ptr<CaresChannel> channel = weak.lock();
        if (channel != nullptr && !error) channel->OnReady(socket, writing);
      });
}

void CaresChannel::OnReady(const std::shared_ptr<Socket>& socket, bool writing) {
  if (!socket->descriptor.is_open()) return;
  int fd = socket->descriptor.native_handle();
  ares_process_fd(channel_, writing ? ARES_SOCKET_BAD : fd, writing ? fd : ARES_SOCKET_BAD);
  NoteUnclaimedDatagram();
  if (socket->descriptor.is_open()) Arm(socket, writing);
  if (outstanding_ == 0 && sweeping_) sweep_->cancel();
}

void CaresChannel::ArmSweep() {
  if (outstanding_ == 0 || sweeping_) return;
  sweeping_ = true;
  sweep_->expires_after(kSweepEvery);
  sweep_->async_wait([weak = weak_from_this()](boost::system::error_code) {
    std::shared_ptr<CaresChannel> channel = weak.lock();
    if (channel == nullptr) return;
    channel->sweeping_ = false;
    if (channel->channel_ == nullptr) return;
    ares_process_fd(channel->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    channel->ArmSweep();
  });
}

void CaresChannel::CancelAll() {
  if (channel_ == nullptr || outstanding_ == 0) return;
  ares_cancel(channel_);
  if (sweeping_) sweep_->cancel();
}

void CaresChannel::Shutdown() {
  if (channel_ == nullptr) return;
  ares_destroy(std::exchange(channel_, nullptr));
  if (sweeping_) sweep_->cancel();
}

}  // namespace postwatch
