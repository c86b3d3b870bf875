#include "agent/probes/mail/mail_session.h"

#include <utility>

#include "agent/probes/mail/mail_login.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(10);
constexpr absl::Duration kBesideTimeout = absl::Seconds(3);
constexpr absl::Duration kCommandTimeout = absl::Seconds(30);
constexpr absl::Duration kSlowReply = absl::Seconds(10);

Task<std::optional<Fault>> DialOne(const RunContext& context, const Address& address,
                                   std::unique_ptr<Stream>& stream) {
  absl::StatusOr<std::unique_ptr<Stream>> dialed =
      co_await context.deps.dialer.Dial(address, kConnectTimeout);
  if (!dialed.ok()) {
    co_return FaultFromStatus(dialed.status(), "connect", nullptr, FailureClass::kConnClosedEarly);
  }
  stream = *std::move(dialed);
  stream->SetTimeout(kCommandTimeout);
  context.run.Fact("ip", address.ip);
  context.run.Note(Concat("connected to ", AddressText(address)));
  co_return std::nullopt;
}

// A reply that came at last, to what was sent at `before` (steady): a tarpit slows down senders
// that it takes for spammers, and refuses nothing.
void FindTarpit(const RunContext& context, std::string_view what, absl::Duration before) {
  const absl::Duration waited = context.deps.clock.Steady() - before;
  if (waited <= kSlowReply) return;
  context.run.Find(FailureClass::kSmtpTarpitted,
                   Concat(what, " took ", absl::FormatDuration(waited)));
}

Task<std::optional<Fault>> LogInSmtp(const RunContext& context, const MailboxSettings& mailbox,
                                     const Server& server, SmtpSession& session) {
  context.run.Begin("auth");
  const LoginClasses classes{FailureClass::kSmtpAuthFailed, FailureClass::kSmtpAuthMethod};
  MailLogin login(context, mailbox, server, classes);
  std::optional<Fault> fault;
  do {
    std::vector<std::string> offered = session.ehlo.AuthMechanisms();
    fault = co_await login.Prepare(std::move(offered), false);
    if (fault.has_value()) co_return fault;
    const absl::StatusOr<SmtpReply> reply = co_await session.client->Authenticate(login.exchange());
    fault = login.Judge(SmtpFault(context, SmtpStage::kAuth, session.stream.get(), reply));
  } while (login.TryAgain(fault));
  co_return fault;
}

Task<std::optional<Fault>> LogInImap(const RunContext& context, const MailboxSettings& mailbox,
                                     const Server& server, ImapSession& session) {
  context.run.Begin("login");
  ImapClient& client = *session.client;
  const bool has_command = !client.Has("LOGINDISABLED");
  const LoginClasses classes{FailureClass::kImapAuthFailed, FailureClass::kImapAuthPolicy};
  MailLogin login(context, mailbox, server, classes);
  std::optional<Fault> fault;
  do {
    std::vector<std::string> offered = client.AuthMechanisms();
    fault = co_await login.Prepare(std::move(offered), has_command);
    if (fault.has_value()) co_return fault;
    absl::StatusOr<ImapStatus> status;
    if (login.has_exchange()) {
      status = co_await client.Authenticate(login.exchange());
    } else {
      status = co_await client.Login(mailbox.username, login.credential().secret);
    }
    fault = login.Judge(ImapFault(context, ImapStage::kLogin, session.stream.get(), status));
  } while (login.TryAgain(fault));
  if (fault.has_value()) co_return fault;
  // Whoever looks at the server's log sees who this is. A refusal does not matter.
  std::string name = "postwatch";
  const absl::StatusOr<ImapStatus> identified = co_await client.Identify(std::move(name));
  if (identified.ok()) co_return std::nullopt;
  co_return ImapFault(context, ImapStage::kLogin, session.stream.get(), identified);
}

Task<std::optional<Fault>> GreetImap(const RunContext& context, ImapSession& session) {
  context.run.Begin("greeting");
  session.client = std::make_unique<ImapClient>(*session.stream);
  const absl::StatusOr<ImapGreeting> greeting = co_await session.client->ReadGreeting();
  if (!greeting.ok()) {
    co_return FaultFromStatus(greeting.status(), "greeting", session.stream.get(),
                              FailureClass::kImapProtocol);
  }
  context.run.Note(Concat("S: ", greeting->text));
  if (greeting->kind == ImapGreeting::Kind::kPreauth) {
    Fault fault{FailureClass::kImapGreetingPreauth,
                Concat("the server logs in whoever connects: ", greeting->text), std::nullopt};
    co_return fault;
  }
  if (greeting->kind == ImapGreeting::Kind::kBye) {
    const ImapStatus bye{ImapStatus::Kind::kNo, "BYE", greeting->text};
    co_return FaultFromImap(ImapStage::kGreeting, bye);
  }
  const absl::StatusOr<ImapStatus> capability = co_await session.client->Capability();
  co_return ImapFault(context, ImapStage::kGreeting, session.stream.get(), capability);
}

Task<std::optional<Fault>> UpgradeImap(const RunContext& context, ImapSession& session,
                                       std::string host) {
  context.run.Begin("starttls");
  if (!session.client->Has("STARTTLS")) {
    Fault fault{FailureClass::kTlsNotOffered, Concat(host, " does not offer STARTTLS"),
                std::nullopt};
    co_return fault;
  }
  const absl::StatusOr<ImapStatus> status = co_await session.client->StartTlsCommand();
  std::optional<Fault> refused =
      ImapFault(context, ImapStage::kStartTls, session.stream.get(), status);
  if (refused.has_value()) co_return refused;
  std::optional<Fault> insecure = co_await SecureStream(context, *session.stream, host, true);
  if (insecure.has_value()) co_return insecure;
  context.run.Begin("capability");
  const absl::StatusOr<ImapStatus> capability = co_await session.client->Capability();
  co_return ImapFault(context, ImapStage::kGreeting, session.stream.get(), capability);
}

// Leaves the addresses to go to, and returns those that are only to be tried beside them.
std::vector<std::string> KeepFamily(ServerFamily family, HostAddresses& addresses) {
  if (family == ServerFamily::kV4) addresses.v6.clear();
  if (family == ServerFamily::kV6) addresses.v4.clear();
  if (family != ServerFamily::kBoth || addresses.v4.empty()) return {};
  return std::exchange(addresses.v6, {});
}

// Whether the first of these takes a connection; that it does not is a finding. An agent without a
// route to it cannot tell.
Task<void> TryBeside(const RunContext& context, std::vector<std::string> ips, uint16_t port) {
  if (ips.empty()) co_return;
  const Address address{ips.front(), port};
  const absl::StatusOr<std::unique_ptr<Stream>> dialed =
      co_await context.deps.dialer.Dial(address, kBesideTimeout);
  const bool reached = dialed.ok();
  context.run.Fact("ip.beside", Concat(address.ip, reached ? " answers" : " does not answer"));
  if (reached || GetNetError(dialed.status()) == NetError::kUnreachable) co_return;
  Mention(context.run,
          FaultFromStatus(dialed.status(), "connect", nullptr, FailureClass::kConnClosedEarly));
}

}  // namespace

Task<std::optional<Fault>> Connect(const RunContext& context, std::string_view service,
                                   const HostAddresses& addresses, uint16_t port,
                                   std::unique_ptr<Stream>& stream) {
  context.run.Begin("connect");
  const std::string& provider = context.provider();
  context.run.Touch({std::string(component::kService), Concat(provider, "/", service)});
  context.run.Touch({std::string(component::kProvider), provider});
  std::vector<std::string> ips = addresses.v4;
  ips.insert(ips.end(), addresses.v6.begin(), addresses.v6.end());
  std::vector<Fault> faults;
  std::vector<ComponentRef> failed;
  for (const std::string& ip : ips) {
    const size_t mark = context.run.touched_count();
    context.run.Touch({std::string(component::kSite), ip});
    const Address address{ip, port};
    std::optional<Fault> fault = co_await DialOne(context, address, stream);
    if (!fault.has_value()) {
      for (const Fault& other : faults) Mention(context.run, other);
      co_return std::nullopt;
    }
    faults.push_back(*std::move(fault));
    if (faults.back().klass == FailureClass::kUnspecified) co_return faults.back();
    for (ComponentRef& site : context.run.Recall(mark)) failed.push_back(std::move(site));
  }
  for (const ComponentRef& site : failed) context.run.Touch(site);
  if (faults.empty()) {
    Fault none{FailureClass::kDnsNodata, "there is no address to connect to", std::nullopt};
    co_return none;
  }
  // An unreachable family says less than a refusal of the other.
  for (Fault& fault : faults) {
    if (fault.klass != FailureClass::kNetUnreachable) co_return std::move(fault);
  }
  co_return faults.front();
}

Task<std::optional<Fault>> SecureStream(const RunContext& context, Stream& stream, std::string host,
                                        bool require_verified) {
  context.run.Begin("tls");
  context.run.Touch({std::string(component::kCertificate), CanonicalName(host)});
  TlsSettings settings;
  settings.server_name = host;
  settings.trust = context.deps.trust;
  settings.require_verified = require_verified;
  const absl::Status status = co_await stream.StartTls(settings);
  if (stream.tls() != nullptr) RecordTls(context.run, *stream.tls());
  if (status.ok()) co_return std::nullopt;
  if (GetNetError(status) == NetError::kTlsUntrusted && stream.tls() != nullptr) {
    co_return TlsFault(*stream.tls(), host);
  }
  co_return FaultFromStatus(status, "tls", &stream, FailureClass::kTlsHandshakeFailed);
}

Task<std::optional<Fault>> ReachServer(const RunContext& context, MailService service,
                                       const MailboxSettings& mailbox, Server& server,
                                       std::unique_ptr<Stream>& stream) {
  context.run.Begin("dns");
  std::optional<Fault> unknown = co_await LocateServer(context, service, mailbox, server);
  if (unknown.has_value()) co_return unknown;
  const ServerFamily family = ServerChoiceOf(service, mailbox).family;
  const bool any = family == ServerFamily::kAny;
  const AddressFamilies families = any ? AddressFamilies::kEither : AddressFamilies::kBoth;
  HostAddresses addresses;
  std::optional<Fault> unresolved = co_await ResolveHost(context, server.host, families, addresses);
  if (unresolved.has_value()) co_return unresolved;
  const std::vector<std::string> beside = KeepFamily(family, addresses);
  const std::string_view name = MailServiceName(service);
  context.run.Note(Concat(name, " server ", server.host, " port ", server.port));
  std::optional<Fault> unreachable =
      co_await Connect(context, name, addresses, server.port, stream);
  if (unreachable.has_value()) co_return unreachable;
  co_await TryBeside(context, beside, server.port);
  if (server.security != Security::kTls) co_return std::nullopt;
  co_return co_await SecureStream(context, *stream, server.host, true);
}

Task<std::optional<Fault>> GreetSmtp(const RunContext& context, SmtpSession& session) {
  context.run.Begin("banner");
  session.client = std::make_unique<SmtpClient>(*session.stream);
  absl::Duration before = context.deps.clock.Steady();
  const absl::StatusOr<SmtpReply> banner = co_await session.client->ReadBanner();
  std::optional<Fault> refused =
      SmtpFault(context, SmtpStage::kConnect, session.stream.get(), banner);
  if (refused.has_value()) co_return refused;
  FindTarpit(context, "the banner", before);
  context.run.Begin("ehlo");
  before = context.deps.clock.Steady();
  absl::StatusOr<EhloReply> ehlo = co_await session.client->Ehlo(context.deps.ehlo_name);
  if (!ehlo.ok()) {
    co_return FaultFromStatus(ehlo.status(), "ehlo", session.stream.get(),
                              FailureClass::kSmtpProtocol);
  }
  FindTarpit(context, "the answer to EHLO", before);
  session.ehlo = *std::move(ehlo);
  context.run.Note(Concat("S: ", session.ehlo.reply.code, " ", session.ehlo.reply.text));
  if (session.ehlo.reply.positive()) co_return std::nullopt;
  co_return FaultFromSmtp(SmtpStage::kEhlo, session.ehlo.reply);
}

Task<std::optional<Fault>> UpgradeSmtp(const RunContext& context, SmtpSession& session,
                                       std::string host, bool require_verified) {
  context.run.Begin("starttls");
  if (!session.ehlo.Has("STARTTLS")) {
    Fault fault{FailureClass::kTlsNotOffered, Concat(host, " does not offer STARTTLS"),
                std::nullopt};
    co_return fault;
  }
  const absl::StatusOr<SmtpReply> reply = co_await session.client->StartTlsCommand();
  std::optional<Fault> refused =
      SmtpFault(context, SmtpStage::kStartTls, session.stream.get(), reply);
  if (refused.has_value()) co_return refused;
  std::optional<Fault> insecure =
      co_await SecureStream(context, *session.stream, host, require_verified);
  if (insecure.has_value()) co_return insecure;
  const TlsFacts* facts = session.stream->tls();
  if (facts != nullptr && !facts->verified) Mention(context.run, TlsFault(*facts, host));
  context.run.Begin("ehlo2");
  absl::StatusOr<EhloReply> ehlo = co_await session.client->Ehlo(context.deps.ehlo_name);
  if (!ehlo.ok()) {
    co_return FaultFromStatus(ehlo.status(), "ehlo2", session.stream.get(),
                              FailureClass::kSmtpProtocol);
  }
  session.ehlo = *std::move(ehlo);
  if (session.ehlo.reply.positive()) co_return std::nullopt;
  co_return FaultFromSmtp(SmtpStage::kEhlo, session.ehlo.reply);
}

Task<std::optional<Fault>> OpenSubmission(const RunContext& context, const MailboxSettings& mailbox,
                                          SmtpSession& session) {
  Server server;
  std::optional<Fault> unreachable =
      co_await ReachServer(context, MailService::kSubmission, mailbox, server, session.stream);
  if (unreachable.has_value()) co_return unreachable;
  std::optional<Fault> rude = co_await GreetSmtp(context, session);
  if (rude.has_value()) co_return rude;
  if (server.security == Security::kStartTls) {
    std::optional<Fault> insecure = co_await UpgradeSmtp(context, session, server.host, true);
    if (insecure.has_value()) co_return insecure;
  }
  std::optional<Fault> refused = co_await LogInSmtp(context, mailbox, server, session);
  co_return refused;
}

Task<std::optional<Fault>> OpenImap(const RunContext& context, const MailboxSettings& mailbox,
                                    ImapSession& session) {
  Server server;
  session.client.reset();
  std::optional<Fault> unreachable =
      co_await ReachServer(context, MailService::kImap, mailbox, server, session.stream);
  if (unreachable.has_value()) co_return unreachable;
  std::optional<Fault> rude = co_await GreetImap(context, session);
  if (rude.has_value()) co_return rude;
  if (server.security == Security::kStartTls) {
    std::optional<Fault> insecure = co_await UpgradeImap(context, session, server.host);
    if (insecure.has_value()) co_return insecure;
  }
  std::optional<Fault> refused = co_await LogInImap(context, mailbox, server, session);
  co_return refused;
}

std::optional<Fault> SmtpFault(const RunContext& context, SmtpStage stage, const Stream* stream,
                               const absl::StatusOr<SmtpReply>& reply) {
  if (!reply.ok()) {
    return FaultFromStatus(reply.status(), context.run.current_step(), stream,
                           FailureClass::kSmtpProtocol);
  }
  context.run.Note(Concat("S: ", reply->code, " ", reply->text));
  const bool wanted = stage == SmtpStage::kData ? reply->code == 354 : reply->positive();
  if (wanted) return std::nullopt;
  return FaultFromSmtp(stage, *reply);
}

std::optional<Fault> ImapFault(const RunContext& context, ImapStage stage, const Stream* stream,
                               const absl::StatusOr<ImapStatus>& status) {
  if (!status.ok()) {
    return FaultFromStatus(status.status(), context.run.current_step(), stream,
                           FailureClass::kImapProtocol);
  }
  if (status->ok()) return std::nullopt;
  context.run.Note(Concat("S: ", status->code, " ", status->text));
  return FaultFromImap(stage, *status);
}

Task<std::optional<Fault>> SendEnvelope(const RunContext& context, SmtpSession& session,
                                        Envelope envelope) {
  context.run.Begin("mail");
  absl::Duration before = context.deps.clock.Steady();
  const absl::StatusOr<SmtpReply> mail =
      co_await session.client->MailFrom(envelope.sender, envelope.mail_parameters);
  std::optional<Fault> bad_sender =
      SmtpFault(context, SmtpStage::kMail, session.stream.get(), mail);
  if (bad_sender.has_value()) co_return bad_sender;
  FindTarpit(context, "the answer to MAIL", before);
  context.run.Begin("rcpt");
  before = context.deps.clock.Steady();
  const absl::StatusOr<SmtpReply> rcpt =
      co_await session.client->RcptTo(envelope.recipient, envelope.rcpt_parameters);
  FindTarpit(context, "the answer to RCPT", before);
  co_return SmtpFault(context, SmtpStage::kRcpt, session.stream.get(), rcpt);
}

}  // namespace postwatch::agent
