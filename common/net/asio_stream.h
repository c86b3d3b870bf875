// AsioStream: a Stream on a TCP socket, upgraded to TLS in place.
#pragma once

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/net/stream.h"

namespace postwatch {

// The socket and the timer that bounds the operation under way. Shared with that timer's callback,
// which may still be queued when the stream is gone.
struct Connection {
  explicit Connection(boost::asio::any_io_executor executor) : socket(executor), timer(executor) {}

  boost::asio::ip::tcp::socket socket;
  boost::asio::steady_timer timer;
  bool timed_out = false;  // of the latest operation
  unsigned operation = 0;  // counts them, so that a late callback knows its own is over
};

// Bounds one operation: when the time is up, cancels what waits on the socket, and goes on doing so
// until this is destroyed, since a wait cancelled inside the TLS engine may be followed by another.
// Nothing read is lost by it.
class OperationLimit {
 public:
  OperationLimit(std::shared_ptr<Connection> connection, absl::Duration limit);
  ~OperationLimit();
  OperationLimit(const OperationLimit&) = delete;
  OperationLimit& operator=(const OperationLimit&) = delete;

 private:
  static void Arm(std::shared_ptr<Connection> connection, unsigned operation,
                  std::chrono::nanoseconds after);

  std::shared_ptr<Connection> connection_;
};

class AsioStream : public Stream {
 public:
  // `peer` is for messages. The socket is connected.
  AsioStream(std::shared_ptr<Connection> connection, std::string peer);
  ~AsioStream() override;

  void SetTimeout(absl::Duration per_operation) override { timeout_ = per_operation; }
  Task<absl::StatusOr<std::string>> ReadLine(size_t max_bytes) override;
  Task<absl::StatusOr<std::string>> ReadExactly(size_t count) override;
  Task<absl::StatusOr<std::string>> ReadSome(size_t max_bytes) override;
  Task<absl::Status> Write(std::string bytes) override;
  Task<absl::Status> StartTls(TlsSettings settings) override;
  const TlsFacts* tls() const override { return facts_.has_value() ? &*facts_ : nullptr; }
  bool HasBuffered() const override { return start_ < buffer_.size(); }
  void Close() override;

 private:
  using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  Task<absl::Status> Fill(boost::asio::cancellation_state state);
  bool PlaintextWaiting() const;
  void AcknowledgeAtOnce();
  absl::Status PrepareTls(const TlsSettings& settings);
  absl::Status Judge(const TlsSettings& settings);
  absl::Status Fail(absl::Status status);
  absl::Status Explain(const boost::system::error_code& error, std::string_view doing) const;

  std::shared_ptr<Connection> connection_;
  std::string peer_;
  absl::Duration timeout_ = absl::Seconds(30);
  std::string buffer_;  // what was read and not asked for yet is buffer_[start_..]
  size_t start_ = 0;
  bool spoken_ = false;                      // anything read or written in the clear
  bool just_secured_ = false;                // nothing was read since the handshake
  std::shared_ptr<const TrustStore> trust_;  // outlives tls_, which uses its context
  std::optional<TlsStream> tls_;
  std::optional<TlsFacts> facts_;
  absl::Status failure_;  // the first one; later operations repeat it
};

}  // namespace postwatch
