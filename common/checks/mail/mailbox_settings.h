// Mailbox settings: `mailbox:`, which every check with credentials shares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/secret.h"
#include "common/model/settings.h"

namespace postwatch {

enum class Security { kStartTls, kTls, kPlain };
// Over which addresses of a server: whichever there are, IPv4 first; one family alone; or IPv4 with
// a look at whether IPv6 answers too.
enum class ServerFamily { kAny, kV4, kV6, kBoth };
enum class ReceiveProtocol { kImap, kPop3 };

// What the configuration says about one server; what it leaves out is found in the DNS.
struct ServerChoice {
  std::string host;                  // name or IP literal; empty = look it up
  uint16_t port = 0;                 // 0 = by security
  std::optional<Security> security;  // nothing = by port
  ServerFamily family = ServerFamily::kAny;
};

// How to get access tokens (RFC 6749 section 6): the refresh token is handed to the token endpoint.
//   token_url: https://...        required
//   client_id: TEXT               required
//   client_secret: {file: PATH}   where the provider gave one
//   refresh_token: {file: PATH}   required
//   scope: TEXT                   as granted, where left out
struct OauthSettings {
  std::string token_url;
  std::string client_id;
  SecretReference client_secret;
  SecretReference refresh_token;
  std::string scope;
};

//   address: probe@example.com  required
//   username: TEXT              default: the address
//   password: {file: PATH}      required; or {env: NAME}
//   oauth2: {...}               instead of `password`; see OauthSettings
//   auth: [mechanism, ...]      the only SASL mechanisms to log in with, of SCRAM-SHA-256,
//                               SCRAM-SHA-1, PLAIN and LOGIN, or OAUTHBEARER and XOAUTH2; default:
//                               the first of these that the server offers
//   aliases: [address, ...]     further addresses that end in this mailbox
//   submission: {host, port, security: starttls|tls|plain, family: any|v4|v6|both}
//   receive: {protocol: imap|pop3, host, port, security, family}
//   deliver_via: submission|mx  mx hands letters straight to the domain's MX
struct MailboxSettings {
  std::string address;
  std::string username;
  SecretReference password;  // unset with `oauth2`
  std::optional<OauthSettings> oauth2;
  std::vector<std::string> auth;  // upper case; empty = any
  std::vector<std::string> aliases;
  ServerChoice submission;
  ReceiveProtocol receive_by = ReceiveProtocol::kImap;
  ServerChoice receive;
  bool deliver_via_mx = false;

  // Whether a letter to `recipient` ends here.
  bool Receives(std::string_view recipient) const;
};

// The tree itself; `path` is put before its keys.
MailboxSettings ReadMailboxTree(const Settings& tree, const std::string& path, Mistakes& mistakes);

// "imap" or "pop3", as the tree says; "imap" where it says nothing (or nonsense).
std::string_view ReceiveProtocolOf(const Settings& mailbox);

// The mailbox of a check that reads it by `protocol` only. Any other protocol is a mistake.
MailboxSettings ReadMailboxOf(SettingsReader& in, ReceiveProtocol protocol, Mistakes& mistakes);

// The tree under `key`. It is a mistake when that is absent.
MailboxSettings ReadMailbox(SettingsReader& in, std::string_view key, Mistakes& mistakes);

}  // namespace postwatch
