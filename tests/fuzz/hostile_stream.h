// HostileStream: a mail server that says the given bytes, whatever it is told, and closes.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "common/net/stream.h"

namespace postwatch {

class HostileStream : public Stream {
 public:
  explicit HostileStream(std::string_view said) : said_(said) {}

  void SetTimeout(absl::Duration) override {}

  Task<absl::StatusOr<std::string>> ReadLine(size_t max_bytes) override {
    const size_t end = said_.find('\n');
    if (std::min(end, said_.size()) > max_bytes) co_return NetStatus(NetError::kTooLong, "a line");
    if (end == said_.npos) co_return NetStatus(NetError::kClosed, "closed");
    std::string line = Take(end);
    said_.remove_prefix(1);
    if (line.ends_with('\r')) line.pop_back();
    co_return line;
  }

  Task<absl::StatusOr<std::string>> ReadExactly(size_t count) override {
    if (said_.size() < count) co_return NetStatus(NetError::kClosed, "closed");
    co_return Take(count);
  }

  Task<absl::StatusOr<std::string>> ReadSome(size_t max_bytes) override {
    if (said_.empty()) co_return NetStatus(NetError::kClosed, "closed");
    co_return Take(std::min(max_bytes, said_.size()));
  }

  Task<absl::Status> Write(std::string bytes) override {
    heard_ += bytes;
    co_return absl::OkStatus();
  }

  Task<absl::Status> StartTls(TlsSettings) override { co_return absl::OkStatus(); }
  const TlsFacts* tls() const override { return nullptr; }
  // It waits until it was asked.
  bool HasBuffered() const override { return false; }
  void Close() override {}

  // All that the client wrote.
  const std::string& heard() const { return heard_; }

 private:
  std::string Take(size_t count) {
    std::string bytes(said_.substr(0, count));
    said_.remove_prefix(count);
    return bytes;
  }

  std::string_view said_;
  std::string heard_;
};

}  // namespace postwatch
