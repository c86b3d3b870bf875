#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr timeval kPatience{10, 0};

}  // namespace

HttpClient::HttpClient(std::string_view address) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(ParseInteger(address.substr(colon + 1)).value_or(0)));
  ::inet_pton(AF_INET, std::string(address.substr(0, colon)).c_str(), &to.sin_addr);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

HttpClient::~HttpClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool HttpClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpClient::More() {
  char bytes[4096];
  const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), 0);
  if (got <= 0) return false;
  read_.append(bytes, static_cast<size_t>(got));
  return true;
}

HttpClient::Answer HttpClient::Receive(bool head) {
  Answer answer;
  size_t end = read_.find("\r\n\r\n");
  while (end == read_.npos) {
    if (!More()) return answer;
    end = read_.find("\r\n\r\n");
  }
  answer.header = read_.substr(0, end);
  read_.erase(0, end + 4);
  answer.status = static_cast<int>(ParseInteger(answer.header.substr(9, 3)).value_or(0));
  size_t length = 0;
  for (const std::string_view line : Split(answer.header, '\n')) {
    if (!StartsWithIgnoreCase(line, "content-length:")) continue;
    length = static_cast<size_t>(ParseInteger(Trim(line.substr(15))).value_or(0));
  }
  if (head) return answer;
  while (read_.size() < length) {
    if (!More()) break;
  }
  answer.body = read_.substr(0, length);
  read_.erase(0, length);
  return answer;
}

bool HttpClient::Closed() { return read_.empty() && !More(); }

}  // namespace postwatch
