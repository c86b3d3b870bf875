// CaresChannel: c-ares as the transport to one server over one protocol, driven by Asio.
#pragma once

#include <ares.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/dns/message.h"
#include "common/net/dialer.h"

namespace postwatch {

class CaresChannel;

// One question on its way. Shared by the coroutine that waits and by c-ares, which may answer after
// the coroutine is gone.
struct DnsExchange {
  explicit DnsExchange(const boost::asio::any_io_executor& executor) : wake(executor) {}

  boost::asio::steady_timer wake;  // cancelled when done becomes true
  bool done = false;
  DnsReply reply;       // transport, message and detail are set when done
  std::string ignored;  // why a datagram that may have been the reply was not taken for it

 private:
  friend class CaresChannel;
  CaresChannel* channel = nullptr;
  uint16_t id = 0;
  int outstanding = 0;                // sends that c-ares has not reported on
  std::shared_ptr<DnsExchange> self;  // while outstanding > 0
};

// Not thread-safe. All queries must come from one executor; the channel must go before its context.
class CaresChannel : public std::enable_shared_from_this<CaresChannel> {
 public:
  enum class Protocol { kUdp, kTcp };

  // `give_up`: when c-ares forgets a query nobody answered; the caller's own timer is the one that
  // counts. c-ares resends nothing by itself: its timeouts are jittered and doubled.
  static absl::StatusOr<std::shared_ptr<CaresChannel>> Make(const Address& server,
                                                            Protocol protocol,
                                                            absl::Duration give_up);
  ~CaresChannel();

  // An unpredictable id (RFC 5452 section 9.2) that no query in flight uses.
  uint16_t FreshId();

  // Sends `packet`; may finish the exchange at once. Sending the same packet for the same exchange
  // again is a retry: a reply to either is taken.
  void Send(const boost::asio::any_io_executor& executor, std::string_view packet,
            const std::shared_ptr<DnsExchange>& exchange);

  // Finishes every query as kCancelled and closes the sockets; afterwards nothing keeps the event
  // loop busy.
  void CancelAll();

  // CancelAll, for good.
  void Shutdown();

 private:
  struct Socket;
  struct SocketCalls;  // what c-ares calls instead of socket(2), connect(2), ...

  explicit CaresChannel(Protocol protocol) : protocol_(protocol) {}
  absl::Status Init(const Address& server, absl::Duration give_up);
  static void OnAnswer(void* exchange, int status, int timeouts, unsigned char* packet, int size);
  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);
  void Finish(DnsExchange& exchange, int status, std::string_view packet);
  void NoteUnclaimedDatagram();
  void Arm(const std::shared_ptr<Socket>& socket, bool writing);
  void OnReady(const std::shared_ptr<Socket>& socket, bool writing);
  void ArmSweep();

  const Protocol protocol_;
  ares_channel channel_ = nullptr;
  boost::asio::any_io_executor executor_;
  std::optional<boost::asio::steady_timer> sweep_;
  bool sweeping_ = false;
  int outstanding_ = 0;
  absl::flat_hash_map<int, std::shared_ptr<Socket>> sockets_;
  absl::flat_hash_map<uint16_t, DnsExchange*> by_id_;
  std::string random_;
  std::string last_error_;        // of the last failed socket call
  std::string_view datagram_;     // the one c-ares is looking at; valid during its callback
  std::string datagram_head_;     // its first bytes, kept beyond that
  bool datagram_claimed_ = true;  // whether a query took it for its reply
};

}  // namespace postwatch
