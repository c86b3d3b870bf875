#include "common/mail/pop3_rules.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/mail/text_pattern.h"

namespace postwatch {
namespace {

constexpr double kCode = 0.95;
constexpr double kText = 0.95;
constexpr double kGeneric = 0.8;
constexpr double kDefault = 0.5;

constexpr StageSet Bit(Pop3Stage stage) { return 1u << static_cast<unsigned>(stage); }
constexpr StageSet kGreeting = Bit(Pop3Stage::kGreeting);
constexpr StageSet kStls = Bit(Pop3Stage::kStls);
constexpr StageSet kAuth = Bit(Pop3Stage::kAuth);
constexpr StageSet kDelete = Bit(Pop3Stage::kDelete);
constexpr StageSet kQuit = Bit(Pop3Stage::kQuit);

constexpr auto kRules = std::to_array<Pop3Rule>({
    // Response codes.
    {"pop3.code.in-use", kAnyStage, "IN-USE", "", "pop3_in_use", kCode},
    {"pop3.code.login-delay", kAnyStage, "LOGIN-DELAY", "", "pop3_login_delay", kCode},
    {"pop3.code.sys-temp", kAnyStage, "SYS/TEMP", "", "pop3_sys_temp", kCode},
    {"pop3.code.sys-perm", kAnyStage, "SYS/PERM", "", "pop3_sys_perm", kCode},
    // Providers answer to a right password where POP is turned off, or wants another way in.
    {"pop3.text.policy", kAuth, "",
     "pop access is not enabled|pop3 access is disabled|pop access is disabled|not enabled for pop|"
     "pop*disabled|account*disabled|account*locked|suspended|application-specific password|"
     "web browser|web login required|plaintext authentication|basic authentication|"
     "requires tls|requires ssl|stls first|secure connection|consent|security defaults",
     "pop3_auth_policy", kGeneric},
    {"pop3.code.auth", kAnyStage, "AUTH", "", "pop3_auth_failed", kCode},

    // Words of one product.
    {"dovecot.pop3-locked", kAnyStage, "", "locked by another pop3 session|mailbox is locked",
     "pop3_in_use", kText},
    {"courier.pop3-locked", kAuth, "", "can't lock the mail file|lock file exists", "pop3_in_use",
     kText},
    {"m365.pop3-not-connected", kAnyStage, "", "authenticated but not connected", "pop3_sys_temp",
     kText},
    {"m365.pop3-logon-failure", kAuth, "", "logon failure: unknown user name or bad password",
     "pop3_auth_failed", kText},

    // Words that mean the same everywhere.
    {"pop3.text.in-use", kAnyStage, "",
     "maildrop*locked|mailbox*locked|drop*already*lock|already in use|mailbox in use|"
     "maildrop in use|is busy|unable to lock|cannot lock|can't get lock|lock busy",
     "pop3_in_use", kGeneric},
    {"pop3.text.login-delay", kAnyStage, "",
     "login delay|logins too frequent|too frequent|minimum time between|login too often|"
     "wait*before*login again",
     "pop3_login_delay", kGeneric},
    {"pop3.text.sys-temp", kAnyStage, "",
     "too many connections|too many simultaneous|maximum number of connections|connection limit|"
     "throttl|rate limit|temporar|unavailable|try again|internal error|internal server error|"
     "server error|timed out|timeout|shutting down|backend|overload",
     "pop3_sys_temp", kGeneric},
    {"pop3.text.corrupt", kAnyStage, "", "corrupt|damaged|broken index|broken mailbox",
     "pop3_sys_perm", kGeneric},
    {"pop3.text.auth-failed", kAuth, "",
     "authentication failed|authentication failure|login failed|logon failure|invalid*password|"
     "invalid credentials|invalid login|incorrect|bad password|bad login|unknown user|"
     "not accepted|permission denied|access denied",
     "pop3_auth_failed", kGeneric},
    {"pop3.text.not-removed", kDelete | kQuit, "", "not removed|not deleted|delete",
     "pop3_delete_failed", kGeneric},

    // Defaults.
    {"pop3.greeting", kGreeting, "", "", "pop3_sys_temp", kDefault},
    {"pop3.stls", kStls, "", "", "tls_starttls_refused", kDefault},
    {"pop3.auth", kAuth, "", "", "pop3_auth_failed", kDefault},
    {"pop3.delete", kDelete | kQuit, "", "", "pop3_delete_failed", kDefault},
    {"pop3.error", kAnyStage, "", "", "pop3_protocol", kDefault},
});

}  // namespace

std::span<const Pop3Rule> Pop3Rules() { return kRules; }

Classification ClassifyPop3(Pop3Stage stage, const Pop3Status& status) {
  const std::string folded = FoldText(status.text);
  for (const Pop3Rule& rule : kRules) {
    if ((rule.stages & Bit(stage)) == 0) continue;
    if (!rule.codes.empty() && rule.codes != status.code) continue;
    if (TextMatches(folded, rule.text)) return {rule.klass, rule.id, rule.confidence};
  }
  return {"pop3_protocol", "pop3.no-rule", 0};  // the last rule holds for every status
}

}  // namespace postwatch
