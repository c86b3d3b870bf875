#include "agent/probes/mail/mail_login.h"

#include <algorithm>
#include <utility>

#include "agent/probes/mail/oauth_token.h"
#include "agent/probes/mail/token_cache.h"
#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

MailLogin::MailLogin(const RunContext& context, const MailboxSettings& mailbox,
                     const Server& server, LoginClasses classes)
    : context_(context), mailbox_(mailbox), server_(server), classes_(classes) {}

std::optional<Fault> MailLogin::TakePassword() {
  absl::StatusOr<Secret> secret = context_.deps.secrets(mailbox_.password);
  if (!secret.ok()) {
    Fault fault;
    fault.detail = Concat("the password of ", mailbox_.address,
                          " could not be read: ", FromAbsl(secret.status().message()));
    return fault;
  }
  credential_.secret = *std::move(secret);
  context_.run.Redact(credential_.secret.Reveal());
  std::string sasl = std::string(1, '\0') + mailbox_.username + std::string(1, '\0') +
                     std::string(credential_.secret.Reveal());
  context_.run.Redact(sasl);
  WipeBytes(sasl);
  return std::nullopt;
}

Task<std::optional<Fault>> MailLogin::TakeToken() {
  co_return co_await TakeAccessToken(context_, *mailbox_.oauth2, classes_.refused,
                                     credential_.secret, token_is_kept_);
}

// The commands of IMAP and POP3 send the password as PLAIN and LOGIN do.
bool MailLogin::AllowsCommand() const {
  return mailbox_.auth.empty() || Contains(mailbox_.auth, "PLAIN") ||
         Contains(mailbox_.auth, "LOGIN");
}

Fault MailLogin::NoMethod(const std::vector<std::string>& offered) const {
  std::vector<std::string> ours = mailbox_.auth;
  if (ours.empty()) {
    for (const std::string_view mechanism : SaslMechanisms(credential_.bearer)) {
      ours.emplace_back(mechanism);
    }
  }
  return {classes_.no_method,
          Concat("the server offers none of ", Join(ours, ", "),
                 ", but: ", offered.empty() ? "nothing" : Join(offered, " ")),
          std::nullopt};
}

Task<std::optional<Fault>> MailLogin::Prepare(std::vector<std::string> offered, bool has_command) {
  context_.run.Touch({std::string(component::kAuth), context_.provider()});
  context_.run.Touch({std::string(component::kAccount), mailbox_.address});
  credential_.username = mailbox_.username;
  credential_.host = server_.host;
  credential_.port = server_.port;
  credential_.bearer = mailbox_.oauth2.has_value();
  exchange_.reset();
  const std::string_view mechanism =
      ChooseSaslMechanism(offered, mailbox_.auth, credential_.bearer);
  const bool by_command = !credential_.bearer && has_command && AllowsCommand();
  if (mechanism.empty() && !by_command) co_return NoMethod(offered);
  std::optional<Fault> none;
  if (credential_.bearer) {
    none = co_await TakeToken();
  } else {
    none = TakePassword();
  }
  if (none.has_value()) co_return none;
  context_.run.Fact("auth.mechanism", mechanism.empty() ? "command" : mechanism);
  context_.run.Note(Concat("C: log-in by ", mechanism.empty() ? "command" : mechanism, " ***"));
  if (mechanism.empty()) co_return std::nullopt;
  absl::StatusOr<std::unique_ptr<SaslExchange>> exchange =
      MakeSaslExchange(mechanism, credential_, RandomId());
  if (!exchange.ok()) {
    Fault fault;
    fault.detail = Concat("the log-in of ", mailbox_.address,
                          " was not tried: ", FromAbsl(exchange.status().message()));
    co_return fault;
  }
  exchange_ = *std::move(exchange);
  co_return std::nullopt;
}

std::optional<Fault> MailLogin::Judge(std::optional<Fault> found) const {
  const std::string blame = exchange_ == nullptr ? "" : exchange_->ServerFault(!found.has_value());
  if (blame.empty()) return found;
  Fault fault{FailureClass::kSaslServerUnverified, blame, std::nullopt};
  if (found.has_value()) fault.reply = found->reply;
  return fault;
}

bool MailLogin::TryAgain(const std::optional<Fault>& found) {
  const bool refused = found.has_value() && found->klass == classes_.refused;
  if (!refused || !token_is_kept_) return false;
  context_.run.Note("the access token kept from an earlier run was refused; getting another");
  context_.deps.tokens->Forget(TokenKey(*mailbox_.oauth2));
  return true;
}

}  // namespace postwatch::agent
