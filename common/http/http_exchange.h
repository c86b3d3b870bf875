// HttpExchange: one HTTP/1.1 request and its answer on a stream, as a client.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/http/http_answer.h"
#include "common/net/stream.h"
#include "common/net/task.h"

namespace postwatch {

struct HttpQuestion {
  std::string method = "GET";
  std::string authority;  // of the Host header: "example.com", "example.com:8443"
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> headers;  // besides Host and Content-Length
  std::string body;  // sent with a Content-Length for POST and PUT, even when it is empty
};

// Sends the question and reads the answer. Redirects are answers like any other, and nothing is
// tried twice. The connection is good for nothing else afterwards (Connection: close).
// InvalidArgument ("http question: ...") before anything is sent when a part of the question would
// break its line; else a NetStatus, or InvalidArgument ("http protocol: ...") for an answer that is
// none. Each read has the stream's own limit; the sum is the caller's to bound.
Task<absl::StatusOr<HttpAnswer>> ExchangeHttp(Stream& stream, HttpQuestion question,
                                              HttpLimits limits);

}  // namespace postwatch
