#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <list>
#include <utility>

#include "common/base/text.h"
#include "common/dns/cares_channel.h"
#include "common/dns/resolver.h"

namespace postwatch {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr int kMaxTries = 10;
constexpr int kMaxInFlight = 4096;
constexpr absl::Duration kMinTimeout = absl::Milliseconds(1);
constexpr absl::Duration kMaxTimeout = absl::Minutes(2);

using SteadyClock = std::chrono::steady_clock;
constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

// A cancellation reaches only what waits when it comes; whatever waits next has to ask.
bool IsCancelled(const boost::asio::cancellation_state& state) {
  return state.cancelled() != boost::asio::cancellation_type::none;
}

// What outlives the resolver while a coroutine still waits.
struct ServerQueries {
  struct Waiter {
    explicit Waiter(const boost::asio::any_io_executor& executor)
        : wake(executor, SteadyClock::time_point::max()) {}
    boost::asio::steady_timer wake;
    bool has_slot = false;
  };

  ResolverOptions options;
  std::string server;
  std::shared_ptr<CaresChannel> udp;
  std::shared_ptr<CaresChannel> tcp;  // made when first needed
  int in_flight = 0;
  bool shut_down = false;
  std::list<Waiter*> waiters;  // first come, first served

  absl::Duration GiveUp() const { return 2 * options.timeout * options.tries + absl::Seconds(1); }

  // The slot goes straight to who waits longest, so that newcomers cannot overtake.
  void ReleaseSlot() {
    if (!waiters.empty()) {
      Waiter* next = waiters.front();
      waiters.pop_front();
      next->has_slot = true;
      next->wake.cancel();
      return;
    }
    if (--in_flight > 0) return;
    // Nobody waits for what c-ares may still be waiting for.
    udp->CancelAll();
    if (tcp != nullptr) tcp->CancelAll();
  }

  void ShutDown() {
    shut_down = true;
    for (Waiter* waiter : std::exchange(waiters, {})) waiter->wake.cancel();
    udp->Shutdown();
    if (tcp != nullptr) tcp->Shutdown();
  }
};

// One of max_in_flight; the wait for it is part of it, so that it may be destroyed at any point.
class Slot {
 public:
  explicit Slot(std::shared_ptr<ServerQueries> queries) : queries_(std::move(queries)) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() {
    if (waiter_ != nullptr) queries_->waiters.remove(waiter_.get());
    if (held_ || (waiter_ != nullptr && waiter_->has_slot)) queries_->ReleaseSlot();
  }

  // Whether a slot was free.
  bool TryAcquire() {
    held_ = queries_->in_flight < queries_->options.max_in_flight;
    if (held_) ++queries_->in_flight;
    return held_;
  }

  // False when cancelled.
  Task<bool> Wait(boost::asio::any_io_executor executor) {
    waiter_ = std::make_unique<ServerQueries::Waiter>(executor);
    queries_->waiters.push_back(waiter_.get());
    co_await waiter_->wake.async_wait(kAwait);
    co_return waiter_->has_slot;
  }

 private:
  std::shared_ptr<ServerQueries> queries_;
  std::unique_ptr<ServerQueries::Waiter> waiter_;
  bool held_ = false;
};

Task<DnsReply> Exchange(std::shared_ptr<CaresChannel> channel, std::string packet,
                        absl::Duration timeout, int tries) {
  boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  const boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
  auto exchange = std::make_shared<DnsExchange>(executor);
  for (int i = 0; i < tries && !exchange->done; ++i) {
    if (IsCancelled(state)) {
      exchange->done = true;
      exchange->reply.transport = DnsTransport::kCancelled;
      break;
    }
    channel->Send(executor, packet, exchange);
    if (exchange->done) break;
    exchange->wake.expires_after(absl::ToChronoNanoseconds(timeout));
    auto woken = co_await exchange->wake.async_wait(kAwait);
    if (!exchange->done && std::get<0>(woken)) {
      exchange->done = true;
      exchange->reply.transport = DnsTransport::kCancelled;
    }
  }
  if (!exchange->done) {
    exchange->done = true;  // whatever comes now is late
    bool garbage = !exchange->ignored.empty();
    exchange->reply.transport = garbage ? DnsTransport::kMalformed : DnsTransport::kTimeout;
    exchange->reply.detail = exchange->ignored;
  }
  co_return std::move(exchange->reply);
}

// The truncated reply is kept: it says what the server is, even if its answer cannot be had.
Task<DnsReply> AskAgainOverTcp(std::shared_ptr<ServerQueries> queries, std::string packet,
                               DnsReply truncated) {
  DnsReply failed = std::move(truncated);
  failed.transport = DnsTransport::kTruncatedNoTcp;
  if (queries->tcp == nullptr && !queries->shut_down) {
    absl::StatusOr<std::shared_ptr<CaresChannel>> channel = CaresChannel::Make(
        queries->options.server, CaresChannel::Protocol::kTcp, queries->GiveUp());
    if (channel.ok()) {
      queries->tcp = *std::move(channel);
    } else {
      failed.detail = std::string(channel.status().message());
    }
  }
  std::shared_ptr<CaresChannel> tcp = queries->tcp;
  if (tcp == nullptr) co_return failed;
  DnsReply reply = co_await Exchange(tcp, std::move(packet), queries->options.timeout, 1);
  reply.over_tcp = true;
  bool no_tcp =
      reply.transport == DnsTransport::kTimeout || reply.transport == DnsTransport::kUnreachable;
  if (!no_tcp) co_return reply;
  std::string timeout = Concat("no reply within ", absl::FormatDuration(queries->options.timeout));
  failed.detail = Concat("the reply over UDP is truncated; over TCP: ",
                         reply.transport == DnsTransport::kTimeout ? timeout : reply.detail);
  co_return failed;
}

Task<DnsReply> Ask(std::shared_ptr<ServerQueries> queries, DnsQuestion question) {
  boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
  DnsReply reply;
  reply.transport = DnsTransport::kCancelled;
  reply.server = queries->server;
  if (IsCancelled(state)) co_return reply;
  Slot slot(queries);
  bool has_slot = slot.TryAcquire();
  if (!has_slot) has_slot = co_await slot.Wait(executor);
  if (!has_slot || queries->shut_down) co_return reply;
  SteadyClock::time_point started = SteadyClock::now();
  absl::StatusOr<std::string> packet = EncodeQuery(question, queries->udp->FreshId());
  if (!packet.ok()) {
    reply.transport = DnsTransport::kMalformed;
    reply.detail = std::string(packet.status().message());
    co_return reply;
  }
  reply =
      co_await Exchange(queries->udp, *packet, queries->options.timeout, queries->options.tries);
  if (reply.transport == DnsTransport::kReplied && reply.message.tc) {
    reply = co_await AskAgainOverTcp(queries, *std::move(packet), std::move(reply));
  }
  reply.server = queries->server;
  reply.took = absl::FromChrono(SteadyClock::now() - started);
  co_return reply;
}

class CaresResolver : public Resolver {
 public:
  explicit CaresResolver(std::shared_ptr<ServerQueries> queries) : queries_(std::move(queries)) {}
  ~CaresResolver() override { queries_->ShutDown(); }

  Task<DnsReply> Query(DnsQuestion question) override { return Ask(queries_, std::move(question)); }
  std::string name() const override { return queries_->server; }

 private:
  std::shared_ptr<ServerQueries> queries_;
};

class CaresResolverFactory : public ResolverFactory {
 public:
  absl::StatusOr<std::unique_ptr<Resolver>> Make(ResolverOptions options) override {
    return MakeCaresResolver(std::move(options));
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Resolver>> MakeCaresResolver(ResolverOptions options) {
  if (options.server.port == 0) options.server.port = kDnsPort;
  if (options.timeout < kMinTimeout || options.timeout > kMaxTimeout || options.tries < 1 ||
      options.tries > kMaxTries || options.max_in_flight < 1 ||
      options.max_in_flight > kMaxInFlight) {
    return absl::InvalidArgumentError(Concat("DNS server ", options.server.ip,
                                             ": timeout must be 1ms to 2m, tries 1 to ", kMaxTries,
                                             ", max_in_flight 1 to ", kMaxInFlight));
  }
  auto queries = std::make_shared<ServerQueries>();
  queries->options = std::move(options);
  queries->server = AddressText(queries->options.server);
  absl::StatusOr<std::shared_ptr<CaresChannel>> udp =
      CaresChannel::Make(queries->options.server, CaresChannel::Protocol::kUdp, queries->GiveUp());
  if (!udp.ok()) return udp.status();
  queries->udp = *std::move(udp);
  return std::make_unique<CaresResolver>(std::move(queries));
}

std::unique_ptr<ResolverFactory> MakeCaresResolverFactory() {
  return std::make_unique<CaresResolverFactory>();
}

}  // namespace postwatch
