#include "common/checks/mail/mailbox_settings.h"

#include <algorithm>

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

enum class Side { kSubmission, kReceive };

ServerChoice ReadServer(SettingsReader& mailbox, Side side, Mistakes& mistakes) {
  ServerChoice server;
  const std::string_view key = side == Side::kReceive ? "receive" : "submission";
  const Settings* tree = mailbox.Child(key);
  if (tree == nullptr) return server;
  SettingsReader in(*tree, mailbox.PathOf(key), mistakes);
  if (side == Side::kReceive) in.Choice("protocol", "imap", {"imap"});
  server.host = ReadHost(in, "host");
  server.port = static_cast<uint16_t>(in.Integer("port", 0, 1, kMaxPort));
  server.security = ReadSecurity(in);
  in.Finish();
  return server;
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
  if (in.Has("oauth2")) {
    in.Child("oauth2");
    in.Complain("oauth2", "is not supported; give a password reference");
  }
  mailbox.password = in.RequiredSecret("password");
  mailbox.aliases = in.Strings("aliases", AddressMistake);
  mailbox.submission = ReadServer(in, Side::kSubmission, mistakes);
  mailbox.receive = ReadServer(in, Side::kReceive, mistakes);
  mailbox.deliver_via_mx = in.Choice("deliver_via", "submission", {"submission", "mx"}) == "mx";
  in.Finish();
  return mailbox;
}

MailboxSettings ReadMailbox(SettingsReader& in, std::string_view key, Mistakes& mistakes) {
  const Settings* tree = in.Child(key);
  if (tree != nullptr) return ReadMailboxTree(*tree, in.PathOf(key), mistakes);
  in.Complain(key, "is missing; this check needs a mailbox of its own");
  return {};
}

}  // namespace postwatch
