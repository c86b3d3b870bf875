// Mail log-in: what a mailbox logs in with, and the ways in that a server offers for it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/probes/mail/mail_endpoint.h"
#include "common/mail/sasl.h"

namespace postwatch::agent {

// How one protocol names what goes wrong at a log-in.
struct LoginClasses {
  FailureClass refused;    // the credential is wrong
  FailureClass no_method;  // the server offers no way in that we have
};

// One log-in to one server, of any protocol. Reads the credential when it is needed; from then on
// every form of it is kept out of the record. Lives in the frame of the coroutine that logs in:
//   MailLogin login(context, mailbox, server, classes);
//   do {
//     fault = co_await login.Prepare(offered);
//     if (fault.has_value()) co_return fault;
//     reply = co_await client.Authenticate(login.exchange());
//     fault = login.Judge(SmtpFault(...));
//   } while (login.TryAgain(fault));
class MailLogin {
 public:
  // All outlive this. The step that runs is the log-in's own and is begun again after a token was
  // fetched.
  MailLogin(const RunContext& context, const MailboxSettings& mailbox, const Server& server,
            LoginClasses classes);

  // Touches the provider's authentication and the account, takes the credential, and chooses among
  // the SASL mechanisms the server offers. Without a fault and without an exchange (HasExchange)
  // the credential is a password that may go by the protocol's own command; `has_command` says that
  // there is one.
  Task<std::optional<Fault>> Prepare(std::vector<std::string> offered, bool has_command);

  bool has_exchange() const { return exchange_ != nullptr; }
  SaslExchange& exchange() { return *exchange_; }
  const SaslCredential& credential() const { return credential_; }

  // The fault of the log-in: what the protocol's own reading of the answer found, unless the server
  // is not who it says (sasl_server_unverified).
  std::optional<Fault> Judge(std::optional<Fault> found) const;

  // Whether it is worth another attempt, once: an access token that was kept from an earlier run
  // was refused. Forgets that.
  bool TryAgain(const std::optional<Fault>& found);

 private:
  std::optional<Fault> TakePassword();
  Task<std::optional<Fault>> TakeToken();
  bool AllowsCommand() const;
  Fault NoMethod(const std::vector<std::string>& offered) const;

  const RunContext& context_;
  const MailboxSettings& mailbox_;
  const Server& server_;
  const LoginClasses classes_;
  SaslCredential credential_;
  std::unique_ptr<SaslExchange> exchange_;
  bool token_is_kept_ = false;
};

}  // namespace postwatch::agent
