// HttpClient: one raw connection to an HTTP server on loopback, to send it what no library would.
#pragma once

#include <string>
#include <string_view>

namespace postwatch {

// Blocking; every wait ends after ten seconds, as if the server had closed.
class HttpClient {
 public:
  // `address`: "127.0.0.1:7480".
  explicit HttpClient(std::string_view address);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // False when the server has closed.
  bool Send(std::string_view bytes);

  struct Answer {
    int status = 0;      // 0: the server closed without one
    std::string header;  // with the status line, without the empty line
    std::string body;
  };
  // The next answer; `head`: to a HEAD request, hence without a body.
  Answer Receive(bool head = false);

  // Whether the server closes without sending anything more.
  bool Closed();

 private:
  bool More();  // reads some; false at the end

  int fd_;
  std::string read_;
};

}  // namespace postwatch
