#include "common/mail/pop3_rules.h"

#include <gtest/gtest.h>

#include <set>

#include "common/model/failure_class.h"

namespace postwatch {
namespace {

constexpr Pop3Stage kAuth = Pop3Stage::kAuth;

struct Row {
  Pop3Stage stage;
  const char* line;
  const char* klass;
  const char* rule;
};

constexpr Row kRows[] = {
    {kAuth, "-ERR [AUTH] Authentication failed.", "pop3_auth_failed", "pop3.code.auth"},
    {kAuth, "-ERR [IN-USE] Mailbox is locked by another POP3 session.", "pop3_in_use",
     "pop3.code.in-use"},
    {kAuth, "-ERR Mailbox is locked by another POP3 session.", "pop3_in_use",
     "dovecot.pop3-locked"},
    {kAuth, "-ERR [LOGIN-DELAY] minimum time between mail checks violation", "pop3_login_delay",
     "pop3.code.login-delay"},
    {kAuth, "-ERR minimum time between mail checks violation", "pop3_login_delay",
     "pop3.text.login-delay"},
    {kAuth, "-ERR [SYS/TEMP] Temporary authentication failure.", "pop3_sys_temp",
     "pop3.code.sys-temp"},
    {kAuth, "-ERR Temporary authentication failure.", "pop3_sys_temp", "pop3.text.sys-temp"},
    {kAuth, "-ERR [SYS/PERM] mailbox is gone", "pop3_sys_perm", "pop3.code.sys-perm"},
    {kAuth, "-ERR [AUTH] Your account is not enabled for POP access.", "pop3_auth_policy",
     "pop3.text.policy"},
    {kAuth, "-ERR [AUTH] Application-specific password required", "pop3_auth_policy",
     "pop3.text.policy"},
    {kAuth, "-ERR [AUTH] Plaintext authentication disallowed on non-secure connections.",
     "pop3_auth_policy", "pop3.text.policy"},
    {kAuth, "-ERR Logon failure: unknown user name or bad password.", "pop3_auth_failed",
     "m365.pop3-logon-failure"},
    {kAuth, "-ERR User is authenticated but not connected.", "pop3_sys_temp",
     "m365.pop3-not-connected"},
    {kAuth, "-ERR Maildrop already locked", "pop3_in_use", "pop3.text.in-use"},
    {kAuth, "-ERR Can't lock the mail file", "pop3_in_use", "courier.pop3-locked"},
    {kAuth, "-ERR Too many connections from your address", "pop3_sys_temp", "pop3.text.sys-temp"},
    {kAuth, "-ERR Invalid user name or password.", "pop3_auth_failed", "pop3.text.auth-failed"},
    {kAuth, "-ERR no", "pop3_auth_failed", "pop3.auth"},
    {Pop3Stage::kGreeting, "-ERR go away", "pop3_sys_temp", "pop3.greeting"},
    {Pop3Stage::kStls, "-ERR Unknown command.", "tls_starttls_refused", "pop3.stls"},
    {Pop3Stage::kList, "-ERR Mailbox index is corrupt", "pop3_sys_perm", "pop3.text.corrupt"},
    {Pop3Stage::kList, "-ERR Unknown command.", "pop3_protocol", "pop3.error"},
    {Pop3Stage::kQuit, "-ERR some deleted messages not removed", "pop3_delete_failed",
     "pop3.text.not-removed"},
    {Pop3Stage::kDelete, "-ERR no", "pop3_delete_failed", "pop3.delete"},
};

TEST(Pop3Rules, Replies) {
  for (const Row& row : kRows) {
    const Classification got = ClassifyPop3(row.stage, ParsePop3Status(row.line).value());
    EXPECT_EQ(got.klass, row.klass) << row.line;
    EXPECT_EQ(got.rule, row.rule) << row.line;
  }
}

TEST(Pop3Rules, EveryClassExistsAndEveryIdIsUnique) {
  std::set<std::string_view> ids;
  for (const Pop3Rule& rule : Pop3Rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(ParseFailureClass(rule.klass).has_value()) << rule.klass;
  }
}

}  // namespace
}  // namespace postwatch
