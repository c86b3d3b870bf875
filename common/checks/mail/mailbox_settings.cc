#include "common/checks/mail/mailbox_settings.h"

#include <algorithm>
#include <array>
#include <span>

#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/checks/mail/address_settings.h"

namespace postwatch {
namespace {

constexpr int kMaxPort = 65535;

std::optional<Security> ReadSecurity(SettingsReader& in) {
  const std::string text = in.Choice("security", "", {"starttls", "tls", "plain"});
  if (text == "starttls") return Security::kStartTls;
  if (text == "tls") return Security::kTls;
  if (text == "plain") return Security::kPlain;
  return std::nullopt;
}

ServerFamily ReadFamily(SettingsReader& in) {
  const std::string text = in.Choice("family", "any", {"any", "v4", "v6", "both"});
  if (text == "v4") return ServerFamily::kV4;
  if (text == "v6") return ServerFamily::kV6;
  return text == "both" ? ServerFamily::kBoth : ServerFamily::kAny;
}

ServerChoice ReadServer(SettingsReader& in) {
  ServerChoice server;
  server.host = ReadHost(in, "host");
  server.port = static_cast<uint16_t>(in.Integer("port", 0, 1, kMaxPort));
  server.security = ReadSecurity(in);
  server.family = ReadFamily(in);
  in.Finish();
  return server;
}

ServerChoice ReadSubmission(SettingsReader& mailbox, Mistakes& mistakes) {
  const Settings* tree = mailbox.Child("submission");
  if (tree == nullptr) return {};
  SettingsReader in(*tree, mailbox.PathOf("submission"), mistakes);
  return ReadServer(in);
}

void ReadReceive(SettingsReader& mailbox, MailboxSettings& out, Mistakes& mistakes) {
  const Settings* tree = mailbox.Child("receive");
  if (tree == nullptr) return;
  SettingsReader in(*tree, mailbox.PathOf("receive"), mistakes);
  const bool pop3 = in.Choice("protocol", "imap", {"imap", "pop3"}) == "pop3";
  out.receive_by = pop3 ? ReceiveProtocol::kPop3 : ReceiveProtocol::kImap;
  out.receive = ReadServer(in);
}

// Tokens are as good as the password: they go to no endpoint whose name is not verified.
OauthSettings ReadOauth(const Settings& tree, const std::string& path, Mistakes& mistakes) {
  SettingsReader in(tree, path, mistakes);
  OauthSettings oauth;
  oauth.token_url = in.RequiredString("token_url");
  if (!oauth.token_url.empty() && !StartsWithIgnoreCase(oauth.token_url, "https://")) {
    in.Complain("token_url", "must begin with https://");
  }
  oauth.client_id = in.RequiredString("client_id");
  oauth.client_secret = in.Secret("client_secret");
  oauth.refresh_token = in.RequiredSecret("refresh_token");
  oauth.scope = in.String("scope", "");
  in.Finish();
  return oauth;
}

constexpr std::array<std::string_view, 4> kPasswordMechanisms = {"SCRAM-SHA-256", "SCRAM-SHA-1",
                                                                 "PLAIN", "LOGIN"};
constexpr std::array<std::string_view, 2> kTokenMechanisms = {"OAUTHBEARER", "XOAUTH2"};

std::string MechanismMistake(const std::string& text, bool token) {
  const std::span<const std::string_view> known =
      token ? std::span<const std::string_view>(kTokenMechanisms) : kPasswordMechanisms;
  for (const std::string_view mechanism : known) {
    if (EqualsIgnoreCase(text, mechanism)) return "";
  }
  return Concat("'", text, "' is none of ", Join(known, ", "),
                token ? ", the mechanisms of a token" : ", the mechanisms of a password");
}

// `password`, or `oauth2` in place of it; and `auth`.
void ReadCredential(SettingsReader& in, MailboxSettings& mailbox, Mistakes& mistakes) {
  const Settings* oauth2 = in.Child("oauth2");
  if (oauth2 == nullptr) {
    mailbox.password = in.RequiredSecret("password");
  } else {
    mailbox.oauth2 = ReadOauth(*oauth2, in.PathOf("oauth2"), mistakes);
    if (in.Has("password")) in.Complain("password", "stands beside oauth2; give one of them");
    in.Secret("password");
  }
  mailbox.auth = in.Strings("auth", [token = oauth2 != nullptr](const std::string& text) {
    return MechanismMistake(text, token);
  });
  for (std::string& mechanism : mailbox.auth) mechanism = AsciiUpper(mechanism);
}

}  // namespace

bool MailboxSettings::Receives(std::string_view recipient) const {
  if (EqualsIgnoreCase(recipient, address)) return true;
  return std::any_of(aliases.begin(), aliases.end(),
                     [&](const std::string& alias) { return EqualsIgnoreCase(recipient, alias); });
}

MailboxSettings ReadMailboxTree(const Settings& tree, const std::string& path, Mistakes& mistakes) {
  SettingsReader in(tree, path, mistakes);
  MailboxSettings mailbox;
  mailbox.address = in.RequiredString("address");
  if (!mailbox.address.empty()) {
    const std::string wrong = AddressMistake(mailbox.address);
    if (!wrong.empty()) in.Complain("address", wrong);
  }
  mailbox.username = in.String("username", mailbox.address);
  ReadCredential(in, mailbox, mistakes);
  mailbox.aliases = in.Strings("aliases", AddressMistake);
  mailbox.submission = ReadSubmission(in, mistakes);
  ReadReceive(in, mailbox, mistakes);
  mailbox.deliver_via_mx = in.Choice("deliver_via", "submission", {"submission", "mx"}) == "mx";
  in.Finish();
  return mailbox;
}

std::string_view ReceiveProtocolOf(const Settings& mailbox) {
  const Settings* receive = mailbox.Find("receive");
  const Settings* protocol = receive == nullptr ? nullptr : receive->Find("protocol");
  return protocol != nullptr && protocol->scalar() == "pop3" ? "pop3" : "imap";
}

MailboxSettings ReadMailboxOf(SettingsReader& in, ReceiveProtocol protocol, Mistakes& mistakes) {
  MailboxSettings mailbox = ReadMailbox(in, "mailbox", mistakes);
  if (mailbox.address.empty() || mailbox.receive_by == protocol) return mailbox;
  const std::string_view wanted = protocol == ReceiveProtocol::kPop3 ? "pop3" : "imap";
  in.Complain("mailbox", Concat("is not read by ", wanted, " (receive: {protocol: ", wanted, "})"));
  return mailbox;
}

MailboxSettings ReadMailbox(SettingsReader& in, std::string_view key, Mistakes& mistakes) {
  const Settings* tree = in.Child(key);
  if (tree != nullptr) return ReadMailboxTree(*tree, in.PathOf(key), mistakes);
  in.Complain(key, "is missing; this check needs a mailbox of its own");
  return {};
}

}  // namespace postwatch
