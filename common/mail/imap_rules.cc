// Reply rules for IMAP: response codes of RFC 5530 and RFC 3501, and the words servers use instead.
#include <array>

#include "common/mail/reply_rules.h"
#include "common/mail/rule_classes.h"

namespace postwatch {
namespace {

using rules::Bit;

constexpr double kText = 0.95;
constexpr double kCode = 0.95;
constexpr double kGeneric = 0.8;
constexpr double kDefault = 0.5;

constexpr StageSet kGreeting = Bit(ImapStage::kGreeting);
constexpr StageSet kStartTls = Bit(ImapStage::kStartTls);
constexpr StageSet kLogin = Bit(ImapStage::kLogin);
constexpr StageSet kSelect = Bit(ImapStage::kSelect);
constexpr StageSet kExpunge = Bit(ImapStage::kExpunge);

constexpr auto kImapRules = std::to_array<ImapRule>({
    // Texts that hold whatever the code is.
    {"imap.session-expired", ~kGreeting, "", "BYE",
     "session invalidated|accesstokenexpired|session expired|session timed out|token expired|"
     "autologout|auto-logout|auto logout|idle for too long|idle too long|inactivity|idle timeout",
     "imap_session_expired", kText},
    {"imap.throttled", kAnyStage, "", "",
     "request is throttled|suggested backoff|command or bandwidth limits|bandwidth limit|"
     "throttl|rate limit",
     "imap_throttled", kText},
    {"imap.too-many-connections", kAnyStage, "", "",
     "too many simultaneous|too many connections|maximum number of connections|"
     "connection limit|concurrent connections|too many concurrent",
     "imap_too_many_connections", kText},
    {"m365.not-connected", kAnyStage, "", "", "authenticated but not connected",
     "imap_auth_backend", kText},
    {"gmail.imap-app-password", kLogin, "", "", "application-specific password", "imap_auth_policy",
     kText},
    {"gmail.imap-web-login", kLogin, "", "", "web browser|web login required", "imap_auth_policy",
     kText},
    {"gmail.system-error", ~kLogin, "", "", "system error", "imap_server_error", kText},
    {"gmail.login-system-error", kLogin, "", "", "system error", "imap_auth_backend", kText},

    // Response codes.
    {"imap.code.authentication-failed", kAnyStage, "", "AUTHENTICATIONFAILED", "",
     "imap_auth_failed", kCode},
    {"imap.code.unavailable-login", kLogin | kGreeting, "", "UNAVAILABLE", "", "imap_auth_backend",
     kCode},
    {"imap.code.unavailable", kAnyStage, "", "UNAVAILABLE", "", "imap_server_error", kCode},
    {"imap.code.policy", kAnyStage, "",
     "PRIVACYREQUIRED|AUTHORIZATIONFAILED|EXPIRED|CONTACTADMIN|WEBALERT", "", "imap_auth_policy",
     kCode},
    {"imap.code.limit", kAnyStage, "", "LIMIT", "", "imap_too_many_connections", kCode},
    {"imap.code.throttled", kAnyStage, "", "THROTTLED", "", "imap_throttled", kCode},
    {"imap.code.server-bug", kAnyStage, "", "SERVERBUG", "", "imap_server_error", kCode},
    {"imap.code.corruption", kAnyStage, "", "CORRUPTION", "", "imap_store_corruption", kCode},
    {"imap.code.in-use", kAnyStage, "", "INUSE", "", "imap_inuse", kCode},
    {"imap.code.over-quota", kAnyStage, "", "OVERQUOTA", "", "imap_overquota", kCode},
    {"imap.code.mailbox", ~kExpunge, "", "NONEXISTENT|NOPERM|TRYCREATE", "", "imap_select_failed",
     kCode},
    {"imap.code.delete", kExpunge, "", "NOUIDPLUS|NOPERM|EXPUNGEISSUED|CANNOT", "",
     "imap_delete_failed", kCode},
    {"imap.code.client-bug", kAnyStage, "", "CLIENTBUG", "", "imap_protocol", kCode},

    // Words.
    {"imap.text.policy", kLogin, "", "",
     "imap access is disabled|not enabled for imap|imap*disabled|account*disabled|%locked|"
     "suspended|basic authentication|plaintext authentication|logindisabled|login disabled|"
     "consent|security defaults|requires ssl|requires tls|starttls",
     "imap_auth_policy", kGeneric},
    {"imap.text.backend", kLogin, "", "",
     "temporary authentication failure|temporar|internal|unavailable|timeout|timed out|"
     "try again|backend",
     "imap_auth_backend", kGeneric},
    {"imap.text.auth-failed", kLogin, "no|bad", "",
     "invalid credentials|login failed|authentication failed|authenticate failed|incorrect|"
     "bad password|invalid user|invalid login|logon failure|authentication failure",
     "imap_auth_failed", kGeneric},
    {"imap.text.bye-greeting", kGreeting, "", "", "", "imap_greeting_bye", kDefault},
    {"imap.text.server-error", kAnyStage, "", "",
     "internal error|internal server error|server error|unavailable|shutting down|"
     "restarting",
     "imap_server_error", kGeneric},
    {"imap.text.quota", kAnyStage, "", "", "quota", "imap_overquota", kGeneric},
    {"imap.text.corrupt", kAnyStage, "", "", "corrupt", "imap_store_corruption", kGeneric},
    {"imap.text.in-use", kSelect | kExpunge, "", "", "in use|%locked", "imap_inuse", kGeneric},
    {"imap.text.mailbox", kSelect, "", "",
     "does not exist|doesn't exist|unknown mailbox|no such mailbox|not found|permission|"
     "access denied",
     "imap_select_failed", kGeneric},

    // Defaults.
    {"imap.starttls", kStartTls, "no|bad", "", "", "tls_starttls_refused", kDefault},
    {"imap.bye", kAnyStage, "", "BYE", "", "imap_server_error", kDefault},
    {"imap.bad", kAnyStage, "bad", "", "", "imap_protocol", kDefault},
    {"imap.login", kLogin, "no", "", "", "imap_auth_failed", kDefault},
    {"imap.select", kSelect, "no", "", "", "imap_select_failed", kDefault},
    {"imap.expunge", kExpunge, "no", "", "", "imap_delete_failed", kDefault},
    {"imap.no", kAnyStage, "no", "", "", "imap_server_error", kDefault},
    {"imap.unexpected", kAnyStage, "", "", "", "imap_protocol", kDefault},
});

}  // namespace

std::span<const ImapRule> ImapRules() { return kImapRules; }

}  // namespace postwatch
