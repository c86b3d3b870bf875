// HttpServer: a small HTTP/1.1 server for health, metrics, the API and one page; every wait
// bounded.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

struct HttpRequest {
  std::string method;                        // "GET"
  std::string path;                          // decoded, without the query
  std::map<std::string, std::string> query;  // decoded; the last of equal names wins
  std::string body;                          // at most 64 KiB
  // Names in lower case; of a repeated one, the last. At most 16 KiB together.
  std::map<std::string, std::string> headers;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Called on the server's executor. `reply` must be called exactly once, from any thread, now or
// later.
using HttpReply = std::function<void(HttpResponse)>;
using HttpHandler = std::function<void(HttpRequest, HttpReply)>;

class HttpServer {
 public:
  virtual ~HttpServer() = default;  // closes the listener and all connections
  // Where it listens, with the real port when 0 was asked for.
  virtual std::string address() const = 0;
};

struct HttpServerOptions {
  // Names by which the server is asked for, in lower case; addresses and localhost need not be
  // named (IsOurHost).
  std::vector<std::string> hosts;
  // The configuration's key for them, for the text of the refusal.
  std::string hosts_key = "listen.hosts";
};

// Listens on "ip:port". 16 KiB of header and 64 KiB of body a request, 30 s for a request to come
// in or an answer to go out; more is refused or closed. At most 256 connections at a time: one more
// takes the place of the one that has been without a whole request for longest, and is dropped when
// all have one. HEAD is the handler's to answer as GET; its body stays here.
// Refused without asking the handler: a request for a host that is not ours (421), and one that
// changes something and comes from a page of another site (403): whoever reads such a page would
// act with his own access. Unavailable when the address cannot be bound, with the reason.
absl::StatusOr<std::unique_ptr<HttpServer>> StartHttpServer(boost::asio::any_io_executor executor,
                                                            const std::string& listen,
                                                            HttpHandler handler,
                                                            HttpServerOptions options = {});

// Whether a browser says that a page of another site (Fetch metadata, else RFC 6454 section 7) made
// this request. Programs other than browsers send neither header.
bool IsCrossSite(const HttpRequest& request);

HttpResponse JsonResponse(std::string body, int status = 200);
// {"error": message} with the status.
HttpResponse ErrorResponse(int status, std::string_view message);

}  // namespace postwatch
