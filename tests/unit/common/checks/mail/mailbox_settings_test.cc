#include "common/checks/mail/mailbox_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kMinimum = "address: p@alpha.test\npassword: {file: /run/p}\n";

MailboxSettings Read(std::string_view text) {
  Mistakes mistakes;
  MailboxSettings mailbox = ReadMailboxTree(YamlSettings(text), "mailbox", mistakes);
  EXPECT_TRUE(mistakes.empty()) << mistakes.ToStatus();
  return mailbox;
}

Lines Mistaken(std::string_view text) {
  Mistakes mistakes;
  ReadMailboxTree(YamlSettings(text), "mailbox", mistakes);
  return mistakes.lines();
}

TEST(MailboxSettings, TheMinimumHasItsDefaults) {
  const MailboxSettings mailbox = Read(kMinimum);
  EXPECT_EQ(mailbox.address, "p@alpha.test");
  EXPECT_EQ(mailbox.username, "p@alpha.test");
  EXPECT_EQ(mailbox.password.file, "/run/p");
  EXPECT_EQ(mailbox.submission.host, "");
  EXPECT_EQ(mailbox.submission.port, 0);
  EXPECT_FALSE(mailbox.receive.security.has_value());
  EXPECT_FALSE(mailbox.deliver_via_mx);
}

TEST(MailboxSettings, EveryKeyIsRead) {
  const MailboxSettings mailbox = Read(
      "address: p@alpha.test\n"
      "username: u1\n"
      "password: {env: SECRET}\n"
      "aliases: [info@alpha.test, a@b.test]\n"
      "submission: {host: s.alpha.test, security: tls, family: both}\n"
      "receive: {protocol: imap, host: 192.0.2.1, port: 143, security: plain, family: v4}\n"
      "deliver_via: mx\n");
  EXPECT_EQ(mailbox.username, "u1");
  EXPECT_EQ(mailbox.password.env, "SECRET");
  EXPECT_EQ(mailbox.submission.host, "s.alpha.test");
  EXPECT_EQ(mailbox.submission.security, Security::kTls);
  EXPECT_EQ(mailbox.submission.family, ServerFamily::kBoth);
  EXPECT_EQ(mailbox.receive.host, "192.0.2.1");
  EXPECT_EQ(mailbox.receive.family, ServerFamily::kV4);
  EXPECT_EQ(mailbox.receive.port, 143);
  EXPECT_EQ(mailbox.receive.security, Security::kPlain);
  EXPECT_TRUE(mailbox.deliver_via_mx);
  EXPECT_TRUE(mailbox.Receives("P@Alpha.Test"));
  EXPECT_TRUE(mailbox.Receives("INFO@alpha.test"));
  EXPECT_FALSE(mailbox.Receives("other@alpha.test"));
}

TEST(MailboxSettings, AnEmptyOneSaysWhatIsNeeded) {
  EXPECT_EQ(Mistaken("{}"),
            (Lines{"c.yaml:1: mailbox.address: is missing",
                   "c.yaml:1: mailbox.password: is missing: give {file: PATH} or {env: NAME}"}));
}

TEST(MailboxSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(Mistaken("address: nobody\n"
                     "pasword: {file: /run/p}\n"
                     "aliases: [fine@a.test,\n"
                     "  'not fine@a.test', '<a@b.test>', '@b.test']\n"
                     "submission:\n"
                     "  host: smtp.test:587\n"
                     "  port: 0\n"
                     "  protocol: smtp\n"
                     "receive:\n"
                     "  protocol: nntp\n"
                     "  port: 99999\n"
                     "  security: ssl\n"
                     "  family: v5\n"
                     "deliver_via: pigeon\n"
                     "auth: [PLAIN, XOAUTH2]\n"),
            (Lines{"c.yaml:1: mailbox.address: 'nobody' is not a mail address",
                   "c.yaml:1: mailbox.password: is missing: give {file: PATH} or {env: NAME}",
                   "c.yaml:15: mailbox.auth: 'XOAUTH2' is none of SCRAM-SHA-256, SCRAM-SHA-1, "
                   "PLAIN, LOGIN, the mechanisms of a password",
                   "c.yaml:4: mailbox.aliases: 'not fine@a.test' is not a mail address",
                   "c.yaml:4: mailbox.aliases: '<a@b.test>' is not a mail address",
                   "c.yaml:4: mailbox.aliases: '@b.test' is not a mail address",
                   "c.yaml:6: mailbox.submission.host: 'smtp.test:587' is neither a host name nor "
                   "an IP address",
                   "c.yaml:7: mailbox.submission.port: 0 is not between 1 and 65535",
                   "c.yaml:8: mailbox.submission.protocol: is not a known key",
                   "c.yaml:10: mailbox.receive.protocol: 'nntp' is none of imap, pop3",
                   "c.yaml:11: mailbox.receive.port: 99999 is not between 1 and 65535",
                   "c.yaml:12: mailbox.receive.security: 'ssl' is none of starttls, tls, plain",
                   "c.yaml:13: mailbox.receive.family: 'v5' is none of any, v4, v6, both",
                   "c.yaml:14: mailbox.deliver_via: 'pigeon' is none of submission, mx",
                   "c.yaml:2: mailbox.pasword: is not a known key"}));
}

TEST(MailboxSettings, ATokenInPlaceOfThePassword) {
  const MailboxSettings mailbox = Read(
      "address: p@alpha.test\n"
      "oauth2: {token_url: 'https://login.alpha.test/token', client_id: c1,\n"
      "  client_secret: {file: /run/c}, refresh_token: {env: REFRESH}, scope: 'mail offline'}\n"
      "auth: [xoauth2]\n"
      "receive: {protocol: pop3}\n");
  ASSERT_TRUE(mailbox.oauth2.has_value());
  EXPECT_EQ(mailbox.oauth2->token_url, "https://login.alpha.test/token");
  EXPECT_EQ(mailbox.oauth2->client_id, "c1");
  EXPECT_EQ(mailbox.oauth2->client_secret.file, "/run/c");
  EXPECT_EQ(mailbox.oauth2->refresh_token.env, "REFRESH");
  EXPECT_EQ(mailbox.oauth2->scope, "mail offline");
  EXPECT_EQ(mailbox.auth, Lines{"XOAUTH2"});
  EXPECT_EQ(mailbox.receive_by, ReceiveProtocol::kPop3);
}

TEST(MailboxSettings, MistakesOfATokensSettings) {
  EXPECT_EQ(Mistaken("address: p@alpha.test\n"
                     "password: {file: /run/p}\n"
                     "oauth2:\n"
                     "  token_url: http://login.alpha.test/token\n"
                     "  secret: x\n"
                     "auth: [PLAIN]\n"),
            (Lines{"c.yaml:4: mailbox.oauth2.token_url: must begin with https://",
                   "c.yaml:4: mailbox.oauth2.client_id: is missing",
                   "c.yaml:4: mailbox.oauth2.refresh_token: is missing: give {file: PATH} or "
                   "{env: NAME}",
                   "c.yaml:5: mailbox.oauth2.secret: is not a known key",
                   "c.yaml:2: mailbox.password: stands beside oauth2; give one of them",
                   "c.yaml:6: mailbox.auth: 'PLAIN' is none of OAUTHBEARER, XOAUTH2, the "
                   "mechanisms of a token"}));
}

TEST(MailboxSettings, TheProtocolOfATree) {
  EXPECT_EQ(ReceiveProtocolOf(YamlSettings("receive: {protocol: pop3}\n")), "pop3");
  EXPECT_EQ(ReceiveProtocolOf(YamlSettings("receive: {host: a}\n")), "imap");
  EXPECT_EQ(ReceiveProtocolOf(YamlSettings("address: a\n")), "imap");
}

TEST(MailboxSettings, ASecretWrittenOutIsRefusedAndNotRepeated) {
  EXPECT_EQ(Mistaken("address: a@b.test\npassword: hunter2\n"),
            Lines{"c.yaml:2: mailbox.password: must be a reference, {file: PATH} or {env: NAME}, "
                  "never the secret itself"});
  EXPECT_EQ(Mistaken("address: a@b.test\npassword: {file: /p, env: P}\n"),
            Lines{"c.yaml:2: mailbox.password: needs exactly one of file and env"});
}

TEST(ReadMailbox, IsAMistakeWhereThereIsNone) {
  const Settings none = YamlSettings("x: 1\n");
  Mistakes mistakes;
  SettingsReader in(none, "c", mistakes);
  ReadMailbox(in, "mailbox", mistakes);
  EXPECT_EQ(mistakes.lines(),
            Lines{"c.yaml:1: c.mailbox: is missing; this check needs a mailbox of its own"});
}

}  // namespace
}  // namespace postwatch
