#include "common/http/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/http/host.h"
#include "common/http/request_target.h"

namespace postwatch {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr size_t kMaxConnections = 256;
constexpr uint64_t kMaxBody = 64 << 10;
constexpr uint32_t kMaxHeader = 16 << 10;
constexpr size_t kMaxHostShown = 100;
constexpr std::chrono::seconds kIdle(30);
// Until the next try when the process has no file descriptor left.
constexpr std::chrono::milliseconds kAcceptPause(100);

// The status that tells a client what was wrong with its request; 0 when it just went away.
int RefusalOf(const beast::error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  const bool of_http =
      error.category() == http::make_error_code(http::error::bad_method).category();
  return of_http ? 400 : 0;
}

bool IsSafe(std::string_view method) { return method == "GET" || method == "HEAD"; }

// What all connections of a server share.
struct Service {
  HttpHandler handler;
  HttpServerOptions options;
};

// One connection: read a request, have it answered, write, again.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<const Service> service,
             std::function<void()> on_close)
      : stream_(std::move(socket)), service_(std::move(service)), on_close_(std::move(on_close)) {}
  ~Connection() { on_close_(); }

  // Since when no whole request is there; nothing while one is answered.
  std::optional<std::chrono::steady_clock::time_point> idle_since() const { return idle_since_; }

  void Read() {
    idle_since_ = std::chrono::steady_clock::now();
    parser_ = std::make_unique<RequestParser>();
    parser_->body_limit(kMaxBody);
    parser_->header_limit(kMaxHeader);
    stream_.expires_after(kIdle);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, size_t) {
                       self->idle_since_.reset();
                       error ? self->Refuse(RefusalOf(error)) : self->Dispatch();
                     });
  }

  void Close() {
    idle_since_.reset();
    beast::error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  using RequestParser = http::request_parser<http::string_body>;

  void Refuse(int status) {
    if (status == 0) return;
    keep_alive_ = false;
    Write(ErrorResponse(status, "the request is not HTTP, or longer than is taken here"));
  }

  void Dispatch() {
    HttpRequest request;
    keep_alive_ = parser_->get().keep_alive();
    if (!TakeRequest(request)) {
      Write(ErrorResponse(400, "the request target has a broken % escape"));
      return;
    }
    is_head_ = request.method == "HEAD";
    if (const std::optional<HttpResponse> refusal = RefuseHost(request)) {
      Write(*refusal);
      return;
    }
    if (!IsSafe(request.method) && IsCrossSite(request)) {
      Write(ErrorResponse(403, "a page of another site may not change anything here"));
      return;
    }
    // The answer may come from another thread: it crosses over to this connection's executor. The
    // last of the handler's copies may go on that thread too; the connection must not.
    const std::shared_ptr<Connection> held(this, [self = shared_from_this()](Connection*) mutable {
      const asio::any_io_executor executor = self->stream_.get_executor();
      asio::post(executor, [self = std::move(self)] {});
    });
    service_->handler(std::move(request), [held](HttpResponse response) {
      asio::post(held->stream_.get_executor(), [held, response = std::move(response)]() mutable {
        held->Write(std::move(response));
      });
    });
  }

  // Only programs of HTTP/1.0 may leave the host out (RFC 9112 section 3.2); no browser does.
  std::optional<HttpResponse> RefuseHost(const HttpRequest& request) const {
    const auto& message = parser_->get();
    const size_t hosts = message.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() > 10)) {
      return ErrorResponse(400, "the request must have one Host header");
    }
    if (hosts == 0) return std::nullopt;
    const std::string& host = request.headers.at("host");
    if (IsOurHost(host, service_->options.hosts)) return std::nullopt;
    return ErrorResponse(
        421, Concat("'", Truncate(host, kMaxHostShown),
                    "' is not a name of this server: ask for its IP address or localhost, or add "
                    "the name to ",
                    service_->options.hosts_key, " in its configuration file"));
  }

  bool TakeRequest(HttpRequest& request) {
    const auto& message = parser_->get();
    const std::string_view target(message.target().data(), message.target().size());
    request.method = std::string(message.method_string());
    request.body = message.body();
    for (const auto& field : message) {
      request.headers[AsciiLower(std::string(field.name_string()))] = std::string(field.value());
    }
    return SplitTarget(target, request.path, request.query);
  }

  void Write(HttpResponse response) {
    response_.emplace(static_cast<http::status>(response.status), 11);
    response_->set(http::field::content_type, response.content_type);
    response_->set(http::field::cache_control, "no-store");
    response_->set("X-Content-Type-Options", "nosniff");
    response_->set("Content-Security-Policy",
                   "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'");
    response_->keep_alive(keep_alive_);
    response_->body() = std::move(response.body);
    response_->prepare_payload();
    // The length is that of the body a GET would have had (RFC 9110 section 9.3.2).
    if (is_head_) response_->body().clear();
    stream_.expires_after(kIdle);
    http::async_write(stream_, *response_,
                      [self = shared_from_this()](beast::error_code error, size_t) {
                        if (!error) self->Written();
                      });
  }

  void Written() {
    is_head_ = false;
    if (keep_alive_) {
      Read();
      return;
    }
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  std::shared_ptr<const Service> service_;
  std::function<void()> on_close_;
  std::optional<std::chrono::steady_clock::time_point> idle_since_;
  beast::flat_buffer buffer_{kMaxHeader + kMaxBody};
  std::unique_ptr<RequestParser> parser_;  // of the request being read
  std::optional<http::response<http::string_body>> response_;
  bool keep_alive_ = false;
  bool is_head_ = false;
};

class BeastServer : public HttpServer, public std::enable_shared_from_this<BeastServer> {
 public:
  BeastServer(tcp::acceptor acceptor, Service service)
      : acceptor_(std::move(acceptor)),
        pause_(acceptor_.get_executor()),
        service_(std::make_shared<const Service>(std::move(service))) {}

  void Accept() {
    acceptor_.async_accept([weak = weak_from_this()](beast::error_code error, tcp::socket socket) {
      const auto self = weak.lock();
      if (!self || error == asio::error::operation_aborted) return;
      if (error) {
        self->AcceptLater();
        return;
      }
      self->Open(std::move(socket));
      self->Accept();
    });
  }

  void Stop() {
    beast::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (const auto& weak : connections_) {
      if (const auto connection = weak.lock()) connection->Close();
    }
  }

  std::string address() const override {
    beast::error_code ignored;
    const tcp::endpoint endpoint = acceptor_.local_endpoint(ignored);
    const std::string ip = endpoint.address().to_string();
    return Concat(endpoint.address().is_v6() ? Concat("[", ip, "]") : ip, ":", endpoint.port());
  }

 private:
  void AcceptLater() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([weak = weak_from_this()](beast::error_code error) {
      const auto self = weak.lock();
      if (self && !error) self->Accept();
    });
  }

  void Open(tcp::socket socket) {
    std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
    if (open_ >= kMaxConnections && !CloseLongestIdle()) return;  // dropped: closes
    ++open_;
    auto connection =
        std::make_shared<Connection>(std::move(socket), service_, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) --self->open_;
        });
    connections_.push_back(connection);
    connection->Read();
  }

  // Whoever asks for something comes before those who only hold a place.
  bool CloseLongestIdle() {
    std::shared_ptr<Connection> longest;
    for (const auto& weak : connections_) {
      auto connection = weak.lock();
      if (!connection || !connection->idle_since()) continue;
      if (!longest || *connection->idle_since() < *longest->idle_since()) {
        longest = std::move(connection);
      }
    }
    if (longest) longest->Close();
    return longest != nullptr;
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::shared_ptr<const Service> service_;
  size_t open_ = 0;
  std::vector<std::weak_ptr<Connection>> connections_;
};

// Keeps the shared server alive as long as its owner wants it, and closes it then.
class OwnedServer : public HttpServer {
 public:
  explicit OwnedServer(std::shared_ptr<BeastServer> server) : server_(std::move(server)) {}
  ~OwnedServer() override { server_->Stop(); }
  std::string address() const override { return server_->address(); }

 private:
  std::shared_ptr<BeastServer> server_;
};

bool SplitListen(std::string_view listen, std::string& ip, int64_t& port) {
  const size_t colon = listen.rfind(':');
  if (colon == listen.npos) return false;
  std::string_view host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  ip = host.empty() ? "0.0.0.0" : std::string(host);
  const std::optional<int64_t> parsed = ParseInteger(listen.substr(colon + 1));
  if (!parsed || *parsed < 0 || *parsed > 65535) return false;
  port = *parsed;
  return true;
}

}  // namespace

bool IsCrossSite(const HttpRequest& request) {
  const auto header = [&request](const std::string& name) -> std::optional<std::string_view> {
    const auto it = request.headers.find(name);
    if (it == request.headers.end()) return std::nullopt;
    return it->second;
  };
  if (const auto site = header("sec-fetch-site")) return *site != "same-origin" && *site != "none";
  const auto origin = header("origin");
  if (!origin) return false;
  const size_t scheme = origin->find("://");
  if (scheme == origin->npos) return true;  // "null": a page that hides where it is from
  return !EqualsIgnoreCase(origin->substr(scheme + 3), header("host").value_or(""));
}

HttpResponse JsonResponse(std::string body, int status) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

HttpResponse ErrorResponse(int status, std::string_view message) {
  JsonWriter out;
  out.BeginObject();
  out.Field("error", message);
  out.EndObject();
  return JsonResponse(out.Take(), status);
}

absl::StatusOr<std::unique_ptr<HttpServer>> StartHttpServer(asio::any_io_executor executor,
                                                            const std::string& listen,
                                                            HttpHandler handler,
                                                            HttpServerOptions options) {
  std::string ip;
  int64_t port = 0;
  if (!SplitListen(listen, ip, port)) {
    return absl::InvalidArgumentError(
        Concat("'", listen, "' is not an address such as 127.0.0.1:7480"));
  }
  beast::error_code error;
  const asio::ip::address address = asio::ip::make_address(ip, error);
  if (error) return absl::InvalidArgumentError(Concat("'", ip, "' is not an IP address"));
  tcp::acceptor acceptor(executor);
  const tcp::endpoint endpoint(address, static_cast<uint16_t>(port));
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(
        Concat("cannot listen for HTTP on ", listen, ": ", error.message()));
  }
  auto server = std::make_shared<BeastServer>(std::move(acceptor),
                                              Service{std::move(handler), std::move(options)});
  server->Accept();
  return std::make_unique<OwnedServer>(std::move(server));
}

}  // namespace postwatch
