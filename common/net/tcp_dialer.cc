#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "common/base/text.h"
#include "common/net/asio_stream.h"
#include "common/net/dialer.h"
#include "common/net/socket_error.h"

namespace postwatch {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class TcpDialer : public Dialer {
 public:
  Task<absl::StatusOr<std::unique_ptr<Stream>>> Dial(Address address,
                                                     absl::Duration timeout) override {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::string peer = AddressText(address);
    const std::string doing = Concat("connect to ", peer);
    if (state.cancelled() != asio::cancellation_type::none) {
      co_return NetStatus(NetError::kCancelled, Concat(doing, ": cancelled"));
    }
    boost::system::error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address.ip, error), address.port);
    if (error) co_return NetStatus(NetError::kOther, Concat(doing, ": not an IP address"));
    auto connection = std::make_shared<Connection>(executor);
    connection->socket.open(endpoint.protocol(), error);
    if (error) co_return SocketStatus(error, doing);
    {
      const OperationLimit limit(connection, timeout);
      std::tie(error) =
          co_await connection->socket.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
    }
    if (connection->timed_out) {
      co_return NetStatus(NetError::kTimeout,
                          Concat(doing, ": no answer within ", absl::FormatDuration(timeout)));
    }
    if (error) co_return SocketStatus(error, doing);
    connection->socket.set_option(tcp::no_delay(true), error);
    std::unique_ptr<Stream> stream = std::make_unique<AsioStream>(std::move(connection), peer);
    co_return stream;
  }
};

}  // namespace

std::unique_ptr<Dialer> MakeTcpDialer() { return std::make_unique<TcpDialer>(); }

}  // namespace postwatch
