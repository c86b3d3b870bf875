// FakeServerStream: a server's side of a connection, in memory: lines in, lines out.
#pragma once

#include <string>
#include <string_view>

#include "common/base/text.h"
#include "common/net/stream.h"
#include "tests/support/fake_clock.h"

namespace postwatch {

// The servers of each protocol derive from it.
class FakeServerStream : public Stream {
 public:
  explicit FakeServerStream(FakeClock& clock) : clock_(clock) {}

  void SetTimeout(absl::Duration per_operation) override { timeout_ = per_operation; }

  Task<absl::StatusOr<std::string>> ReadLine(size_t) override {
    if (out_.find('\n') == out_.npos && !closed_) WaitForMore(timeout_);
    const size_t end = out_.find('\n');
    if (end == out_.npos && closed_) co_return NetStatus(NetError::kClosed, "the peer closed");
    if (end == out_.npos) co_return NetStatus(NetError::kTimeout, "the peer was silent");
    std::string line = out_.substr(0, end);
    out_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    co_return line;
  }

  Task<absl::StatusOr<std::string>> ReadExactly(size_t count) override {
    if (out_.size() < count) co_return NetStatus(NetError::kClosed, "the peer closed");
    std::string bytes = out_.substr(0, count);
    out_.erase(0, count);
    co_return bytes;
  }

  Task<absl::StatusOr<std::string>> ReadSome(size_t max_bytes) override {
    if (out_.empty()) co_return NetStatus(NetError::kClosed, "the peer closed");
    std::string bytes = out_.substr(0, max_bytes);
    out_.erase(0, bytes.size());
    co_return bytes;
  }

  Task<absl::Status> Write(std::string bytes) override {
    if (closed_) co_return NetStatus(NetError::kClosed, "the peer closed");
    in_ += bytes;
    for (size_t end = in_.find("\r\n"); end != in_.npos; end = in_.find("\r\n")) {
      const std::string line = in_.substr(0, end);
      in_.erase(0, end + 2);
      Take(line);
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> StartTls(TlsSettings) override {
    facts_.version = "TLSv1.3";
    facts_.cipher = "TLS_AES_256_GCM_SHA384";
    facts_.verified = facts_.name_matches = true;
    tls_ = true;
    co_return absl::OkStatus();
  }

  const TlsFacts* tls() const override { return tls_ ? &facts_ : nullptr; }
  bool HasBuffered() const override { return !out_.empty(); }
  void Close() override { closed_ = true; }

 protected:
  virtual void Take(const std::string& line) = 0;
  // Nothing to read: lets time pass, at most `limit`.
  virtual void WaitForMore(absl::Duration limit) { clock_.Advance(limit); }
  void Say(std::string_view line) { Append(out_, line, "\r\n"); }

  FakeClock& clock_;
  std::string out_;
  bool closed_ = false;

 private:
  std::string in_;
  absl::Duration timeout_ = absl::Seconds(30);
  TlsFacts facts_;
  bool tls_ = false;
};

}  // namespace postwatch
