#include "agent/probes/mail/pop3_session.h"

#include <utility>

#include "agent/probes/mail/mail_login.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kCommandTimeout = absl::Seconds(30);
// Dovecot tells after 10 s that another session holds the maildrop.
constexpr absl::Duration kLockTimeout = absl::Seconds(45);

Task<std::optional<Fault>> AskCapabilities(const RunContext& context, Pop3Session& session) {
  context.run.Begin("capa");
  const absl::StatusOr<Pop3Status> capa = co_await session.client->Capa();
  // A refusal says that the server has no CAPA, nothing else (RFC 2449 section 5).
  if (capa.ok()) co_return std::nullopt;
  co_return Pop3Fault(context, Pop3Stage::kOther, session.stream.get(), capa);
}

Task<std::optional<Fault>> GreetPop3(const RunContext& context, Pop3Session& session) {
  context.run.Begin("banner");
  session.client = std::make_unique<Pop3Client>(*session.stream);
  const absl::StatusOr<Pop3Status> greeting = co_await session.client->ReadGreeting();
  std::optional<Fault> refused =
      Pop3Fault(context, Pop3Stage::kGreeting, session.stream.get(), greeting);
  if (refused.has_value()) co_return refused;
  co_return co_await AskCapabilities(context, session);
}

Task<std::optional<Fault>> UpgradePop3(const RunContext& context, Pop3Session& session,
                                       std::string host) {
  context.run.Begin("stls");
  const Pop3Capabilities& capabilities = session.client->capabilities();
  if (!capabilities.empty() && !capabilities.Has("STLS")) {
    Fault fault{FailureClass::kTlsNotOffered, Concat(host, " does not offer STLS"), std::nullopt};
    co_return fault;
  }
  const absl::StatusOr<Pop3Status> status = co_await session.client->StlsCommand();
  std::optional<Fault> refused = Pop3Fault(context, Pop3Stage::kStls, session.stream.get(), status);
  if (refused.has_value()) co_return refused;
  std::optional<Fault> insecure = co_await SecureStream(context, *session.stream, host, true);
  if (insecure.has_value()) co_return insecure;
  co_return co_await AskCapabilities(context, session);
}

Task<std::optional<Fault>> LogInPop3(const RunContext& context, const MailboxSettings& mailbox,
                                     const Server& server, Pop3Session& session) {
  context.run.Begin("auth");
  Pop3Client& client = *session.client;
  const Pop3Capabilities& capabilities = client.capabilities();
  // A server without CAPA, or without USER in it, may take USER even so; it will say if not.
  const bool has_command =
      capabilities.empty() || capabilities.Has("USER") || !capabilities.Has("SASL");
  const LoginClasses classes{FailureClass::kPop3AuthFailed, FailureClass::kPop3AuthPolicy};
  MailLogin login(context, mailbox, server, classes);
  session.stream->SetTimeout(kLockTimeout);
  std::optional<Fault> fault;
  do {
    std::vector<std::string> offered = capabilities.Words("SASL");
    fault = co_await login.Prepare(std::move(offered), has_command);
    if (fault.has_value()) co_return fault;
    absl::StatusOr<Pop3Status> status;
    if (login.has_exchange()) {
      status = co_await client.Authenticate(login.exchange());
    } else {
      status = co_await client.UserPass(mailbox.username, login.credential().secret);
    }
    fault = login.Judge(Pop3Fault(context, Pop3Stage::kAuth, session.stream.get(), status));
  } while (login.TryAgain(fault));
  session.stream->SetTimeout(kCommandTimeout);
  co_return fault;
}

}  // namespace

Task<std::optional<Fault>> OpenPop3(const RunContext& context, const MailboxSettings& mailbox,
                                    Pop3Session& session) {
  Server server;
  session.client.reset();
  std::optional<Fault> unreachable =
      co_await ReachServer(context, MailService::kPop3, mailbox, server, session.stream);
  if (unreachable.has_value()) co_return unreachable;
  std::optional<Fault> rude = co_await GreetPop3(context, session);
  if (rude.has_value()) co_return rude;
  if (server.security == Security::kStartTls) {
    std::optional<Fault> insecure = co_await UpgradePop3(context, session, server.host);
    if (insecure.has_value()) co_return insecure;
  }
  std::optional<Fault> refused = co_await LogInPop3(context, mailbox, server, session);
  co_return refused;
}

std::optional<Fault> Pop3Fault(const RunContext& context, Pop3Stage stage, const Stream* stream,
                               const absl::StatusOr<Pop3Status>& status) {
  if (!status.ok()) {
    return FaultFromStatus(status.status(), context.run.current_step(), stream,
                           FailureClass::kPop3Protocol);
  }
  if (status->ok()) return std::nullopt;
  context.run.Note(Concat("S: -ERR ", status->code, " ", status->text));
  return FaultFromPop3(stage, *status);
}

}  // namespace postwatch::agent
