#include "agent/probes/mail/tls_visit.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "common/base/text.h"
#include "common/mail/pop3_client.h"

namespace postwatch::agent {
namespace {

constexpr uint16_t kSmtpPort = 25;
constexpr absl::Duration kQuitTimeout = absl::Seconds(5);

std::string_view ServiceOf(const TlsEndpoint& endpoint) {
  if (endpoint.protocol != TlsProtocol::kSmtp) return TlsProtocolName(endpoint.protocol);
  return endpoint.port == kSmtpPort ? "smtp" : "submission";
}

// Each of these asks for TLS in the protocol's own way, up to the go-ahead. `offered` becomes false
// when the server does not know the command.
Task<std::optional<Fault>> AskSmtp(const RunContext& context, SmtpSession& session, bool& offered) {
  std::optional<Fault> rude = co_await GreetSmtp(context, session);
  if (rude.has_value()) co_return rude;
  context.run.Begin("starttls");
  offered = session.ehlo.Has("STARTTLS");
  if (!offered) co_return std::nullopt;
  const absl::StatusOr<SmtpReply> reply = co_await session.client->StartTlsCommand();
  co_return SmtpFault(context, SmtpStage::kStartTls, session.stream.get(), reply);
}

Task<std::optional<Fault>> AskImap(const RunContext& context, Stream& stream, bool& offered) {
  context.run.Begin("greeting");
  ImapClient client(stream);
  const absl::StatusOr<ImapGreeting> greeting = co_await client.ReadGreeting();
  if (!greeting.ok()) {
    co_return FaultFromStatus(greeting.status(), "greeting", &stream, FailureClass::kImapProtocol);
  }
  if (greeting->kind == ImapGreeting::Kind::kBye) {
    const ImapStatus bye{ImapStatus::Kind::kNo, "BYE", greeting->text};
    co_return FaultFromImap(ImapStage::kGreeting, bye);
  }
  const absl::StatusOr<ImapStatus> capability = co_await client.Capability();
  std::optional<Fault> mute = ImapFault(context, ImapStage::kGreeting, &stream, capability);
  if (mute.has_value()) co_return mute;
  context.run.Begin("starttls");
  offered = client.Has("STARTTLS");
  if (!offered) co_return std::nullopt;
  const absl::StatusOr<ImapStatus> status = co_await client.StartTlsCommand();
  co_return ImapFault(context, ImapStage::kStartTls, &stream, status);
}

// Without CAPA, which is optional: a server that does not know STLS says so.
Task<std::optional<Fault>> AskPop3(const RunContext& context, Stream& stream, bool& offered) {
  context.run.Begin("greeting");
  Pop3Client client(stream);
  absl::StatusOr<Pop3Status> status = co_await client.ReadGreeting();
  if (status.ok() && !status->ok()) {
    Fault refused{FailureClass::kPop3SysTemp, Concat("the server said -ERR ", status->text),
                  std::nullopt};
    co_return refused;
  }
  if (status.ok()) {
    context.run.Begin("starttls");
    status = co_await client.StlsCommand();
  }
  if (!status.ok()) {
    co_return FaultFromStatus(status.status(), context.run.current_step(), &stream,
                              FailureClass::kPop3Protocol);
  }
  offered = status->ok();
  co_return std::nullopt;
}

Task<void> ShakeHands(const RunContext& context, const TlsEndpoint& endpoint, Stream& stream,
                      bool diagnostic, TlsVisit& visit) {
  context.run.Begin("tls");
  context.run.Touch({std::string(component::kCertificate), CanonicalName(endpoint.host)});
  TlsSettings settings;
  settings.server_name = endpoint.host;
  settings.trust = context.deps.trust;
  settings.require_verified = false;
  settings.diagnostic = diagnostic;
  const absl::Status status = co_await stream.StartTls(settings);
  if (stream.tls() != nullptr) visit.facts = *stream.tls();
  if (status.ok()) co_return;
  visit.shook_hands = true;
  visit.fault = FaultFromStatus(status, "tls", &stream, FailureClass::kTlsHandshakeFailed);
}

// Closing without a word looks like an attack to some servers. What they say to it does not matter.
Task<void> LeaveSmtp(SmtpSession& session) {
  session.stream->SetTimeout(kQuitTimeout);
  const absl::StatusOr<SmtpReply> bye = co_await session.client->Quit();
  static_cast<void>(bye);
}

Task<void> Visit(const RunContext& context, TlsEndpoint endpoint, HostAddresses addresses,
                 bool diagnostic, TlsVisit& visit) {
  SmtpSession session;
  const std::string_view service = ServiceOf(endpoint);
  visit.fault = co_await Connect(context, service, addresses, endpoint.port, session.stream);
  if (visit.fault.has_value()) co_return;
  Stream& stream = *session.stream;
  if (endpoint.starttls) {
    switch (endpoint.protocol) {
      case TlsProtocol::kSmtp:
        visit.fault = co_await AskSmtp(context, session, visit.offered);
        break;
      case TlsProtocol::kImap:
        visit.fault = co_await AskImap(context, stream, visit.offered);
        break;
      case TlsProtocol::kPop3:
        visit.fault = co_await AskPop3(context, stream, visit.offered);
        break;
    }
    if (visit.fault.has_value()) co_return;
  }
  if (visit.offered) {
    co_await ShakeHands(context, endpoint, stream, diagnostic, visit);
  }
  const bool smtp = endpoint.protocol == TlsProtocol::kSmtp && endpoint.starttls;
  if (smtp && !visit.fault.has_value()) {
    co_await LeaveSmtp(session);
  }
}

// `over` becomes true when the time is up, and stays false when the visit was done before.
Task<void> WaitFor(EventClock& clock, absl::Duration limit, bool& over) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const absl::Status slept = co_await clock.SleepFor(limit);
  over = slept.ok();
}

}  // namespace

absl::Duration VisitLimit(const RunContext& context, absl::Duration started) {
  const absl::Duration gone = context.deps.clock.Steady() - started;
  return std::max(context.spec.timeout - gone, absl::Milliseconds(200)) / 2;
}

Task<TlsVisit> VisitTls(const RunContext& context, TlsEndpoint endpoint, HostAddresses addresses,
                        bool diagnostic, absl::Duration limit) {
  using boost::asio::experimental::awaitable_operators::operator||;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  TlsVisit visit;
  bool over = false;
  Task<void> going = Visit(context, std::move(endpoint), std::move(addresses), diagnostic, visit);
  Task<void> waiting = WaitFor(context.deps.clock, limit, over);
  // Whichever ends first cancels the other; both have ended when this returns.
  co_await (std::move(going) || std::move(waiting));
  if (over && !visit.facts.has_value()) {
    const std::string step = context.run.current_step();
    visit.fault = Fault{TimeoutClass(step),
                        Concat("nothing within ", absl::FormatDuration(limit), " while ", step),
                        std::nullopt};
  }
  co_return visit;
}

}  // namespace postwatch::agent
