#include "tests/support/socket_proxy.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <vector>

namespace postwatch {
namespace {

constexpr int kLookAgainMs = 5;

sockaddr_un Address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  EXPECT_LT(path.size(), sizeof(address.sun_path));
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  return address;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

SocketProxy::SocketProxy(const std::string& path, std::string server)
    : server_(std::move(server)), listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_un address = Address(path);
  unlink(path.c_str());
  EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  thread_ = std::thread([this] { Loop(); });
}

SocketProxy::~SocketProxy() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
  close(listener_);
}

void SocketProxy::Stall() {
  absl::MutexLock lock(&mutex_);
  stalled_ = true;
}

void SocketProxy::Resume() {
  absl::MutexLock lock(&mutex_);
  stalled_ = false;
}

void SocketProxy::Cut() {
  absl::MutexLock lock(&mutex_);
  cut_ = true;
  mutex_.Await(absl::Condition(this, &SocketProxy::IsNotCutting));
}

void SocketProxy::LoseAnswerTo(std::string text, bool then_stall) {
  absl::MutexLock lock(&mutex_);
  lose_ = std::move(text);
  then_stall_ = then_stall;
}

void SocketProxy::Loop() {
  while (true) {
    bool stalled = false;
    bool cut = false;
    {
      absl::MutexLock lock(&mutex_);
      stalled = stalled_;
      cut = std::exchange(cut_, false);
      if (stopping_) cut = true;
      if (stopping_ && pairs_.empty()) return;
    }
    std::vector<pollfd> sockets = {{listener_, POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      sockets.push_back({pair.client, POLLIN, 0});
      sockets.push_back({pair.server, POLLIN, 0});
    }
    poll(sockets.data(), stalled ? 0 : sockets.size(), kLookAgainMs);
    size_t at = 1;
    for (auto pair = pairs_.begin(); pair != pairs_.end(); at += 2) {
      bool lives = !cut;
      if (!stalled && lives && sockets[at].revents != 0) lives = Carry(*pair, true);
      if (!stalled && lives && sockets[at + 1].revents != 0) lives = Carry(*pair, false);
      if (lives) {
        ++pair;
        continue;
      }
      close(pair->client);
      close(pair->server);
      pair = pairs_.erase(pair);
    }
    if (!stalled && sockets[0].revents != 0) Accept();
  }
}

void SocketProxy::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = Address(server_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    pairs_.push_back({client, server});
  } else {
    close(client);
    close(server);
  }
}

bool SocketProxy::Carry(Pair& pair, bool from_client) {
  char buffer[64 << 10];
  const ssize_t got = recv(from_client ? pair.client : pair.server, buffer, sizeof(buffer), 0);
  if (got <= 0) return false;
  const std::string_view bytes(buffer, static_cast<size_t>(got));
  if (!from_client && pair.answer_is_lost) {
    absl::MutexLock lock(&mutex_);
    stalled_ = stalled_ || then_stall_;
    return false;
  }
  if (from_client) {
    absl::MutexLock lock(&mutex_);
    if (!lose_.empty() && bytes.find(lose_) != bytes.npos) {
      lose_.clear();
      pair.answer_is_lost = true;
    }
  }
  return SendAll(from_client ? pair.server : pair.client, bytes);
}

}  // namespace postwatch
