#include "common/mail/pop3_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_stream.h"

namespace postwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kUser = "probe@a.example";
constexpr std::string_view kPassword = "s3cret-Pass/Word";

class Session {
 public:
  explicit Session(std::string_view script) : stream_(script), client_(stream_) {}

  ScriptedStream& stream() { return stream_; }
  Pop3Client& client() { return client_; }
  absl::StatusOr<Pop3Status> UserPass() {
    const Secret password{std::string(kPassword)};
    return RunTask(client_.UserPass(std::string(kUser), password));
  }
  absl::StatusOr<Pop3Status> Authenticate(std::string_view mechanism) {
    SaslCredential credential;
    credential.username = kUser;
    credential.secret = Secret(std::string(kPassword));
    const std::unique_ptr<SaslExchange> exchange =
        MakeSaslExchange(mechanism, credential, "nonce").value();
    return RunTask(client_.Authenticate(*exchange));
  }

 private:
  ScriptedStream stream_;
  Pop3Client client_;
};

// "pop3 protocol: ..." or the kind of the broken connection.
std::string Problem(const absl::Status& status) { return std::string(status.message()); }

void ExpectNoSecret(std::string_view text) {
  EXPECT_THAT(text, Not(HasSubstr(kPassword)));
  EXPECT_THAT(text, Not(HasSubstr(Base64(kPassword).substr(0, 12))));
  EXPECT_THAT(text, Not(HasSubstr(SaslPlain(kUser, kPassword).substr(0, 12))));
}

TEST(Pop3Client, WholeSession) {
  Session session(R"(
S: +OK ready <1896.697170952@mail.a.example>
C: CAPA
S: +OK
S: STLS
S: UIDL
S: .
C: STLS
S: +OK Begin TLS
C! starttls
C: CAPA
S: +OK
S: TOP
S: UIDL
S: SASL PLAIN
S: .
C: USER probe@a.example
S: +OK
C: PASS s3cret-Pass/Word
S: +OK Logged in.
C: STAT
S: +OK 2 1280
C: UIDL
S: +OK
S: 1 000001
S: 2 000002
S: .
C: TOP 2 0
S: +OK
S: Subject: x
S:
S: .
C: RETR 2
S: +OK 640 octets
S: Subject: x
S:
S: ..
S: ...x
S: last
S: .
C: DELE 2
S: +OK
C: NOOP
S: +OK
C: RSET
S: +OK
C: QUIT
S: +OK Logging out, messages deleted.
)");
  Pop3Client& client = session.client();
  EXPECT_TRUE(RunTask(client.ReadGreeting())->ok());
  EXPECT_TRUE(RunTask(client.Capa())->ok());
  EXPECT_TRUE(client.capabilities().Has("STLS"));
  EXPECT_TRUE(RunTask(client.StlsCommand())->ok());
  EXPECT_FALSE(client.capabilities().Has("STLS"));
  ASSERT_TRUE(RunTask(session.stream().StartTls({"mail.a.example", nullptr, true})).ok());
  EXPECT_TRUE(RunTask(client.Capa())->ok());
  EXPECT_THAT(client.capabilities().Words("SASL"), ElementsAre("PLAIN"));
  EXPECT_TRUE(session.UserPass()->ok());
  EXPECT_EQ(RunTask(client.Stat())->drop.messages, 2u);
  const Pop3Listing listing = RunTask(client.Uidl()).value();
  EXPECT_THAT(listing.entries, ElementsAre(Pop3Entry{1, "000001"}, Pop3Entry{2, "000002"}));
  EXPECT_EQ(listing.total, 2u);
  EXPECT_EQ(RunTask(client.Top(2, 0))->text, "Subject: x\r\n\r\n");
  EXPECT_EQ(RunTask(client.Retrieve(2))->text, "Subject: x\r\n\r\n.\r\n..x\r\nlast\r\n");
  EXPECT_TRUE(RunTask(client.Delete(2))->ok());
  EXPECT_TRUE(RunTask(client.Noop())->ok());
  EXPECT_TRUE(RunTask(client.Reset())->ok());
  EXPECT_TRUE(RunTask(client.Quit())->ok());
}

TEST(Pop3Client, WithoutCapaNothingIsKnown) {
  Session session("C: CAPA\nS: -ERR Unknown command.\nC: NOOP\nS: +OK\n");
  EXPECT_FALSE(RunTask(session.client().Capa())->ok());
  EXPECT_FALSE(session.client().capabilities().Has("UIDL"));
  EXPECT_TRUE(RunTask(session.client().Noop())->ok());
}

TEST(Pop3Client, ALockIsToldAfterThePassword) {
  Session session(
      "C: USER *\nS: +OK\nC: PASS *\nS: -ERR [IN-USE] Mailbox is locked by another POP3 "
      "session.\n");
  EXPECT_EQ(session.UserPass()->code, "IN-USE");
}

TEST(Pop3Client, ARefusedNameSpareUsThePassword) {
  Session session("C: USER *\nS: -ERR [AUTH] no such account\n");
  EXPECT_EQ(session.UserPass()->code, "AUTH");
  EXPECT_THAT(session.stream().sent(), ElementsAre("USER probe@a.example"));
}

TEST(Pop3Client, EchoesAreScrubbed) {
  Session session(
      "C: USER *\nS: +OK\nC: PASS *\nS: -ERR cannot take PASS s3cret-Pass/Word, sorry\n");
  EXPECT_EQ(session.UserPass()->text, "cannot take PASS ***, sorry");
  Session broken("C: USER *\nS: +OK\nC: PASS *\nS: s3cret-Pass/Word\n");
  const std::string problem = Problem(broken.UserPass().status());
  EXPECT_EQ(problem, "pop3 protocol: not a reply: '***'");
}

TEST(Pop3Client, AuthPlainWithAnInitialResponse) {
  Session session("C: AUTH PLAIN AHByb2JlQGEuZXhhbXBsZQBzM2NyZXQtUGFzcy9Xb3Jk\nS: +OK in\n");
  EXPECT_TRUE(session.Authenticate("PLAIN")->ok());
}

TEST(Pop3Client, AuthLoginAnswersTwice) {
  Session session(
      "C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: cHJvYmVAYS5leGFtcGxl\nS: + UGFzc3dvcmQ6\n"
      "C: czNjcmV0LVBhc3MvV29yZA==\nS: -ERR [AUTH] not czNjcmV0LVBhc3MvV29yZA==\n");
  const Pop3Status status = session.Authenticate("LOGIN").value();
  EXPECT_EQ(status.code, "AUTH");
  ExpectNoSecret(status.text);
}

TEST(Pop3Client, AnEndlessExchangeIsCancelled) {
  std::string script = "C: AUTH PLAIN *\n";
  for (int i = 0; i < kMaxSaslRounds + 1; ++i) script += "S: + \nC: *\n";
  script += "S: + \n";
  Session session(script);
  EXPECT_EQ(Problem(session.Authenticate("PLAIN").status()), "pop3 protocol: AUTH does not end");
  EXPECT_EQ(session.stream().sent().back(), "*");
}

TEST(Pop3Client, CredentialsThatInjectAreNotSent) {
  Session session("");
  const Secret good{std::string(kPassword)};
  const Secret bad{"a\r\nDELE 1"};
  EXPECT_FALSE(RunTask(session.client().UserPass("a\nb", good)).ok());
  const absl::Status refused = RunTask(session.client().UserPass("a", bad)).status();
  EXPECT_EQ(Problem(refused),
            "the password holds CR, LF, NUL or 0x01; nothing was sent, correct it");
  EXPECT_TRUE(session.stream().sent().empty());
}

TEST(Pop3Client, RepliesBeforeTheirCommand) {
  Session early("S! raw +OK ready\\r\\n+OK again\\r\\n\n");
  EXPECT_TRUE(RunTask(early.client().ReadGreeting())->ok());
  EXPECT_EQ(Problem(RunTask(early.client().Noop()).status()),
            "pop3 protocol: a reply before its command");
  Session gone("S! raw +OK ready\\r\\n-ERR shutting down\\r\\n\n");
  EXPECT_TRUE(RunTask(gone.client().ReadGreeting())->ok());
  EXPECT_EQ(RunTask(gone.client().Noop())->text, "shutting down");
}

TEST(Pop3Client, WhatIsNoPop3) {
  Session greeting("S: 220 smtp\n");
  EXPECT_EQ(Problem(RunTask(greeting.client().ReadGreeting()).status()),
            "pop3 protocol: not a reply: '220 smtp'");
  Session uidl("C: UIDL\nS: +OK\nS: nonsense\n");
  EXPECT_EQ(Problem(RunTask(uidl.client().Uidl()).status()),
            "pop3 protocol: not a line of UIDL: 'nonsense'");
  Session stat("C: STAT\nS: +OK many\n");
  EXPECT_EQ(Problem(RunTask(stat.client().Stat()).status()),
            "pop3 protocol: STAT without two numbers");
  Session plus("C: NOOP\nS: + what\n");
  EXPECT_EQ(Problem(RunTask(plus.client().Noop()).status()),
            "pop3 protocol: a continuation that nobody asked for");
}

TEST(Pop3Client, OfALongListTheEndIsKept) {
  std::string script = "C: UIDL\nS: +OK\n";
  for (int i = 1; i <= 10003; ++i) Append(script, "S: ", i, " u", i, "\n");
  Session session(script + "S: .\n");
  const Pop3Listing listing = RunTask(session.client().Uidl()).value();
  EXPECT_EQ(listing.total, 10003u);
  EXPECT_EQ(listing.entries.size(), kMaxPop3Listing);
  EXPECT_EQ(listing.entries.front(), (Pop3Entry{4, "u4"}));
  EXPECT_EQ(listing.entries.back(), (Pop3Entry{10003, "u10003"}));
}

TEST(Pop3Client, AMessageIsBounded) {
  std::string script = "C: RETR 1\nS: +OK\n";
  for (int i = 0; i < 18; ++i) Append(script, "S: ", std::string(60000, 'x'), "\n");
  Session session(script);
  EXPECT_EQ(Problem(RunTask(session.client().Retrieve(1)).status()),
            "pop3 protocol: a message over 1 MiB");
}

TEST(Pop3Client, AConnectionThatEndsInAMessage) {
  Session session("C: RETR 1\nS: +OK\nS: half\nS! close\n");
  EXPECT_EQ(GetNetError(RunTask(session.client().Retrieve(1)).status()), NetError::kClosed);
}

TEST(Pop3Client, AMessageThatIsGoneIsARefusal) {
  Session session("C: RETR 9\nS: -ERR no such message\n");
  EXPECT_EQ(RunTask(session.client().Retrieve(9))->status.text, "no such message");
}

}  // namespace
}  // namespace postwatch
