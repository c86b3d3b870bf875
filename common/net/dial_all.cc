#include "common/net/dial_all.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace postwatch {
namespace {

namespace asio = boost::asio;

using Dialled = absl::StatusOr<std::unique_ptr<Stream>>;

Task<void> DialInto(Dialer& dialer, Address address, absl::Duration timeout, Dialled& out) {
  co_await asio::this_coro::throw_if_cancelled(false);
  out = co_await dialer.Dial(std::move(address), timeout);
}

}  // namespace

Task<std::vector<Dialled>> DialAll(Dialer& dialer, std::vector<Address> addresses,
                                   absl::Duration timeout) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto executor = co_await asio::this_coro::executor;
  // What a cancelled dial leaves as it is.
  std::vector<Dialled> outcomes;
  for (const Address& address : addresses) {
    outcomes.emplace_back(
        NetStatus(NetError::kCancelled, "connect to " + AddressText(address) + ": given up"));
  }
  if (addresses.empty()) co_return outcomes;
  using Operation = decltype(asio::co_spawn(
      executor, DialInto(dialer, addresses[0], timeout, outcomes[0]), asio::deferred));
  std::vector<Operation> dials;
  for (size_t i = 0; i < addresses.size(); ++i) {
    dials.push_back(asio::co_spawn(executor, DialInto(dialer, addresses[i], timeout, outcomes[i]),
                                   asio::deferred));
  }
  auto group = asio::experimental::make_parallel_group(std::move(dials));
  co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  co_return outcomes;
}

}  // namespace postwatch
