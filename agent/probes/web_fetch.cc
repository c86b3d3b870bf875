#include "agent/probes/web_fetch.h"

#include <memory>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(10);
constexpr absl::Duration kReadTimeout = absl::Seconds(20);

Task<std::optional<Fault>> Dial(const RunContext& context, const HostAddresses& addresses,
                                uint16_t port, std::unique_ptr<Stream>& stream, std::string& ip) {
  context.run.Begin("connect");
  std::vector<std::string> ips = addresses.v4;
  ips.insert(ips.end(), addresses.v6.begin(), addresses.v6.end());
  Fault worst{FailureClass::kDnsNodata, "there is no address to connect to", std::nullopt};
  std::vector<ComponentRef> failed;
  for (const std::string& candidate : ips) {
    const size_t mark = context.run.touched_count();
    context.run.Touch({std::string(component::kSite), candidate});
    const Address address{candidate, port};
    absl::StatusOr<std::unique_ptr<Stream>> dialed =
        co_await context.deps.dialer.Dial(address, kConnectTimeout);
    if (dialed.ok()) {
      stream = *std::move(dialed);
      stream->SetTimeout(kReadTimeout);
      ip = candidate;
      co_return std::nullopt;
    }
    Fault fault =
        FaultFromStatus(dialed.status(), "connect", nullptr, FailureClass::kConnClosedEarly);
    if (fault.klass == FailureClass::kUnspecified) co_return fault;
    // An unreachable family says less than a refusal of the other.
    const bool better = failed.empty() || worst.klass == FailureClass::kNetUnreachable;
    if (better) worst = std::move(fault);
    for (ComponentRef& site : context.run.Recall(mark)) failed.push_back(std::move(site));
  }
  for (const ComponentRef& site : failed) context.run.Touch(site);
  co_return worst;
}

Task<std::optional<Fault>> Secure(const RunContext& context, const std::string& host,
                                  Stream& stream, WebAnswer& answer) {
  context.run.Begin("tls");
  context.run.Touch({std::string(component::kCertificate), CanonicalName(host)});
  TlsSettings settings;
  settings.server_name = host;
  settings.trust = context.deps.trust;
  const absl::Status status = co_await stream.StartTls(settings);
  if (stream.tls() != nullptr) answer.tls = *stream.tls();
  if (status.ok()) co_return std::nullopt;
  if (GetNetError(status) == NetError::kTlsUntrusted && answer.tls.has_value()) {
    co_return TlsFault(*answer.tls, host);
  }
  co_return FaultFromStatus(status, "tls", &stream, FailureClass::kTlsHandshakeFailed);
}

std::string WithoutQuery(const std::string& path) { return path.substr(0, path.find('?')); }

}  // namespace

Task<std::optional<Fault>> FetchWeb(const RunContext& context, WebRequest request,
                                    WebAnswer& answer) {
  const Url& url = request.url;
  context.run.Begin("dns");
  HostAddresses addresses;
  std::optional<Fault> unresolved =
      co_await ResolveHost(context, url.host, AddressFamilies::kEither, addresses);
  if (unresolved.has_value()) co_return unresolved;
  std::unique_ptr<Stream> stream;
  std::optional<Fault> unreachable = co_await Dial(context, addresses, url.port, stream, answer.ip);
  if (unreachable.has_value()) co_return unreachable;
  if (url.secure) {
    std::optional<Fault> insecure = co_await Secure(context, url.host, *stream, answer);
    if (insecure.has_value()) co_return insecure;
  }
  context.run.Begin("http");
  request.question.authority = url.Authority();
  request.question.path = url.path;
  absl::StatusOr<HttpAnswer> http =
      co_await ExchangeHttp(*stream, request.question, request.limits);
  if (!http.ok()) {
    co_return FaultFromStatus(http.status(), "http", stream.get(), request.protocol_class);
  }
  answer.http = *std::move(http);
  context.run.Note(Concat(request.question.method, " ", url.secure ? "https://" : "http://",
                          url.Authority(), WithoutQuery(url.path), ": ", answer.http.status));
  co_return std::nullopt;
}

}  // namespace postwatch::agent
