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

// What the configuration says about one server; what it leaves out is found in the DNS.
struct ServerChoice {
  std::string host;                  // name or IP literal; empty = look it up
  uint16_t port = 0;                 // 0 = by security
  std::optional<Security> security;  // nothing = by port
};

//   address: probe@example.com  required
//   username: TEXT              default: the address
//   password: {file: PATH}      required; or {env: NAME}
//   aliases: [address, ...]     further addresses that end in this mailbox
//   submission: {host, port, security: starttls|tls|plain}
//   receive: {protocol: imap, host, port, security}
//   deliver_via: submission|mx  mx hands letters straight to the domain's MX
struct MailboxSettings {
  std::string address;
  std::string username;
  SecretReference password;
  std::vector<std::string> aliases;
  ServerChoice submission;
  ServerChoice receive;  // IMAP
  bool deliver_via_mx = false;

  // Whether a letter to `recipient` ends here.
  bool Receives(std::string_view recipient) const;
};

// The tree itself; `path` is put before its keys.
MailboxSettings ReadMailboxTree(const Settings& tree, const std::string& path, Mistakes& mistakes);

// The tree under `key`. It is a mistake when that is absent.
MailboxSettings ReadMailbox(SettingsReader& in, std::string_view key, Mistakes& mistakes);

}  // namespace postwatch
