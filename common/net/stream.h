// Stream: a byte stream to one peer, plain or TLS, with every wait and every buffer bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/net/net_error.h"
#include "common/net/task.h"
#include "common/net/tls.h"

namespace postwatch {

// Owns the only read buffer of the connection (64 KiB). Not thread-safe: one coroutine at a time.
// Every failure is a NetStatus (net_error.h). After a failure only Close and the facts may be used,
// except that a ReadLine which timed out may be tried again: nothing that was read is lost.
class Stream {
 public:
  virtual ~Stream() = default;  // closes

  // Limit for each following operation (not for their sum). Default 30 s.
  virtual void SetTimeout(absl::Duration per_operation) = 0;

  // The next line without its line end; CRLF and bare LF both end one (servers do send bare LF).
  // kTooLong when no line end comes within max_bytes, at most 64 KiB.
  virtual Task<absl::StatusOr<std::string>> ReadLine(size_t max_bytes) = 0;

  // Exactly `count` bytes.
  virtual Task<absl::StatusOr<std::string>> ReadExactly(size_t count) = 0;

  // What there is, at least one byte and at most `max_bytes` (over 0), waiting for the first. The
  // end of what the peer says is kClosed, with and without a close of TLS.
  virtual Task<absl::StatusOr<std::string>> ReadSome(size_t max_bytes) = 0;

  // All of `bytes`.
  virtual Task<absl::Status> Write(std::string bytes) = 0;

  // Upgrades in place. kPlaintextInjection if the peer already sent anything after its last reply:
  // nothing read in the clear is ever taken for something said under TLS.
  virtual Task<absl::Status> StartTls(TlsSettings settings) = 0;

  // Facts of the handshake, also after kTlsUntrusted; null before any handshake got that far.
  virtual const TlsFacts* tls() const = 0;

  // Whether bytes are waiting that no read asked for yet.
  virtual bool HasBuffered() const = 0;

  // Drops the connection at once, without ceremony. Idempotent.
  virtual void Close() = 0;
};

}  // namespace postwatch
