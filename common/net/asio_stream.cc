#include "common/net/asio_stream.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "common/base/text.h"
#include "common/net/address.h"
#include "common/net/socket_error.h"
#include "common/net/tls_verify.h"

namespace postwatch {
namespace {

namespace asio = boost::asio;

constexpr size_t kMaxLineBytes = 64 * 1024;
constexpr size_t kMaxBufferBytes = kMaxLineBytes + 2;  // and the line end
constexpr size_t kReadBytes = 16 * 1024;               // a TLS record
constexpr size_t kMaxExactBytes = 32 * 1024 * 1024;
constexpr absl::Duration kLongestOperation = absl::Hours(24);
constexpr std::chrono::milliseconds kCancelAgainAfter{5};

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

bool IsCancelled(const asio::cancellation_state& state) {
  return state.cancelled() != asio::cancellation_type::none;
}

void TakeAnything(SSL* ssl) {
  SSL_set_security_level(ssl, 0);
  SSL_set_min_proto_version(ssl, TLS1_VERSION);
  SSL_set_cipher_list(ssl, "ALL:@SECLEVEL=0");
  SSL_set_options(ssl, SSL_OP_LEGACY_SERVER_CONNECT);
}

}  // namespace

OperationLimit::OperationLimit(std::shared_ptr<Connection> connection, absl::Duration limit)
    : connection_(std::move(connection)) {
  connection_->timed_out = false;
  const absl::Duration after = std::clamp(limit, absl::Milliseconds(1), kLongestOperation);
  Arm(connection_, ++connection_->operation, absl::ToChronoNanoseconds(after));
}

OperationLimit::~OperationLimit() {
  ++connection_->operation;
  connection_->timer.cancel();
}

void OperationLimit::Arm(std::shared_ptr<Connection> connection, unsigned operation,
                         std::chrono::nanoseconds after) {
  asio::steady_timer& timer = connection->timer;
  timer.expires_after(after);
  timer.async_wait([shared = std::move(connection), operation](const auto& error) {
    if (error || shared->operation != operation) return;
    shared->timed_out = true;
    boost::system::error_code ignored;
    shared->socket.cancel(ignored);
    Arm(shared, operation, kCancelAgainAfter);
  });
}

AsioStream::AsioStream(std::shared_ptr<Connection> connection, std::string peer)
    : connection_(std::move(connection)), peer_(std::move(peer)) {}

AsioStream::~AsioStream() { Close(); }

void AsioStream::Close() {
  if (failure_.ok()) {
    failure_ =
        NetStatus(NetError::kClosed, Concat("the connection to ", peer_, " was closed here"));
  }
  boost::system::error_code ignored;
  connection_->socket.close(ignored);
}

absl::Status AsioStream::Fail(absl::Status status) {
  if (failure_.ok()) failure_ = std::move(status);
  return failure_;
}

absl::Status AsioStream::Explain(const boost::system::error_code& error,
                                 std::string_view doing) const {
  if (!failure_.ok()) return failure_;  // closed by its owner meanwhile
  const std::string what = Concat(doing, " ", peer_);
  if (connection_->timed_out) {
    return NetStatus(NetError::kTimeout,
                     Concat(what, ": nothing within ", absl::FormatDuration(timeout_)));
  }
  return SocketStatus(error, what);
}

// A TLS 1.3 server sends session tickets first; one with Nagle's algorithm then holds its reply
// back until they are acknowledged, and Linux would take 40 ms over that, which we would report as
// the server's. Not kept by the kernel once we write again, hence right before the read.
void AsioStream::AcknowledgeAtOnce() {
  const int on = 1;
  ::setsockopt(connection_->socket.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

// Reads what there is, at least one byte, into the buffer; kTooLong when it is full.
Task<absl::Status> AsioStream::Fill(asio::cancellation_state state) {
  if (!failure_.ok()) co_return failure_;
  if (IsCancelled(state)) {
    co_return Fail(NetStatus(NetError::kCancelled, Concat("read from ", peer_, ": cancelled")));
  }
  buffer_.erase(0, std::exchange(start_, 0));
  const size_t used = buffer_.size();
  if (used >= kMaxBufferBytes) {
    co_return Fail(NetStatus(NetError::kTooLong, Concat("read from ", peer_, ": too much unread")));
  }
  buffer_.resize(used + std::min(kReadBytes, kMaxBufferBytes - used));
  const asio::mutable_buffer space(buffer_.data() + used, buffer_.size() - used);
  boost::system::error_code error;
  size_t got = 0;
  if (std::exchange(just_secured_, false)) AcknowledgeAtOnce();
  if (tls_.has_value()) {
    std::tie(error, got) = co_await tls_->async_read_some(space, kAwaitTuple);
  } else {
    std::tie(error, got) = co_await connection_->socket.async_read_some(space, kAwaitTuple);
  }
  buffer_.resize(used + got);
  if (got > 0) spoken_ = true;
  if (!error || got > 0) co_return absl::OkStatus();
  absl::Status status = Explain(error, "read from");
  // After a timeout the connection is as good as before.
  if (GetNetError(status) != NetError::kTimeout) co_return Fail(std::move(status));
  co_return status;
}

Task<absl::StatusOr<std::string>> AsioStream::ReadLine(size_t max_bytes) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  max_bytes = std::min(max_bytes, kMaxLineBytes);
  std::optional<OperationLimit> limit;
  for (size_t scanned = 0;;) {
    const size_t end = buffer_.find('\n', start_ + scanned);
    const size_t have = (end == buffer_.npos ? buffer_.size() : end) - start_;
    const bool cr = have > 0 && buffer_[start_ + have - 1] == '\r';
    if (have - (cr ? 1 : 0) > max_bytes) {
      co_return Fail(NetStatus(NetError::kTooLong, Concat("read from ", peer_, ": no line end in ",
                                                          max_bytes, " bytes")));
    }
    if (end != buffer_.npos) {
      std::string line = buffer_.substr(start_, have - (cr ? 1 : 0));
      start_ = end + 1;
      co_return line;
    }
    scanned = have;
    if (!limit.has_value()) limit.emplace(connection_, timeout_);
    absl::Status filled = co_await Fill(state);
    if (!filled.ok()) co_return filled;
  }
}

Task<absl::StatusOr<std::string>> AsioStream::ReadExactly(size_t count) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (count > kMaxExactBytes) {
    co_return Fail(NetStatus(NetError::kTooLong, Concat("read from ", peer_, ": ", count,
                                                        " bytes are more than we take")));
  }
  std::optional<OperationLimit> limit;
  std::string bytes;
  for (;;) {
    const size_t take = std::min(count - bytes.size(), buffer_.size() - start_);
    bytes.append(buffer_, start_, take);
    start_ += take;
    if (bytes.size() == count) co_return bytes;
    if (!limit.has_value()) limit.emplace(connection_, timeout_);
    absl::Status filled = co_await Fill(state);
    if (!filled.ok()) co_return Fail(std::move(filled));  // what was taken is lost
  }
}

Task<absl::StatusOr<std::string>> AsioStream::ReadSome(size_t max_bytes) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (!HasBuffered()) {
    const OperationLimit limit(connection_, timeout_);
    absl::Status filled = co_await Fill(state);
    if (!filled.ok()) co_return filled;
  }
  std::string bytes = buffer_.substr(start_, max_bytes);
  start_ += bytes.size();
  co_return bytes;
}

Task<absl::Status> AsioStream::Write(std::string bytes) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (!failure_.ok()) co_return failure_;
  if (IsCancelled(state)) {
    co_return Fail(NetStatus(NetError::kCancelled, Concat("write to ", peer_, ": cancelled")));
  }
  spoken_ = true;
  const OperationLimit limit(connection_, timeout_);
  const asio::const_buffer all(bytes.data(), bytes.size());
  boost::system::error_code error;
  size_t written = 0;
  if (tls_.has_value()) {
    std::tie(error, written) = co_await asio::async_write(*tls_, all, kAwaitTuple);
  } else {
    std::tie(error, written) = co_await asio::async_write(connection_->socket, all, kAwaitTuple);
  }
  if (error) co_return Fail(Explain(error, "write to"));
  co_return absl::OkStatus();
}

// Under STARTTLS the server may say nothing between its go-ahead and the handshake. With TLS from
// the first byte there is no such moment: plaintext is then simply a failed handshake.
bool AsioStream::PlaintextWaiting() const {
  if (HasBuffered()) return true;
  boost::system::error_code ignored;
  return spoken_ && connection_->socket.available(ignored) > 0;
}

absl::Status AsioStream::PrepareTls(const TlsSettings& settings) {
  trust_ = settings.trust != nullptr ? settings.trust : TrustStore::Empty();
  SSL* ssl = SSL_new(trust_->client_context());
  if (ssl == nullptr) return Fail(NetStatus(NetError::kOther, "out of memory for TLS"));
  if (!settings.server_name.empty() && !IsIpLiteral(settings.server_name) &&
      SSL_set_tlsext_host_name(ssl, settings.server_name.c_str()) != 1) {
    SSL_free(ssl);
    return Fail(NetStatus(NetError::kOther, "TLS: the server name is no host name"));
  }
  SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
  if (settings.diagnostic) TakeAnything(ssl);
  tls_.emplace(connection_->socket, ssl);
  return absl::OkStatus();
}

absl::Status AsioStream::Judge(const TlsSettings& settings) {
  facts_ = ReadTlsFacts(tls_->native_handle(), *trust_, settings.server_name);
  if (facts_->verified || !settings.require_verified) return absl::OkStatus();
  return Fail(
      NetStatus(NetError::kTlsUntrusted,
                Concat("TLS with ", peer_, ": ", DescribeDistrust(*facts_, settings.server_name))));
}

Task<absl::Status> AsioStream::StartTls(TlsSettings settings) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (!failure_.ok()) co_return failure_;
  if (IsCancelled(state)) {
    co_return Fail(NetStatus(NetError::kCancelled, Concat("TLS with ", peer_, ": cancelled")));
  }
  if (tls_.has_value()) co_return Fail(NetStatus(NetError::kOther, "TLS was started twice"));
  if (PlaintextWaiting()) {
    co_return Fail(NetStatus(NetError::kPlaintextInjection,
                             Concat("TLS with ", peer_, ": the peer sent text in the clear after ",
                                    "its go-ahead and before the handshake")));
  }
  // Names from DNS may end in the root's dot, which certificates and SNI never have.
  while (settings.server_name.ends_with('.')) settings.server_name.pop_back();
  absl::Status prepared = PrepareTls(settings);
  if (!prepared.ok()) co_return prepared;
  boost::system::error_code error;
  {
    const OperationLimit limit(connection_, timeout_);
    std::tie(error) = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAwaitTuple);
  }
  if (error) co_return Fail(Explain(error, "TLS handshake with"));
  just_secured_ = true;
  co_return Judge(settings);
}

}  // namespace postwatch
