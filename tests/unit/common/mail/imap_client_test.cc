#include "common/mail/imap_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/mail/peer_text.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_stream.h"

namespace postwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kUser = "probe@a.example";
constexpr std::string_view kPassword = "s3cret-Pass/Word";
constexpr absl::Duration kWait = absl::Minutes(4);

// A session on a script file, spoken to call by call.
class Session {
 public:
  explicit Session(const std::string& name)
      : stream_(LoadScript(name)), client_(stream_, absl::Seconds(20)) {}

  ScriptedStream& stream() { return stream_; }
  ImapClient& client() { return client_; }
  ImapGreeting Greeting() { return RunTask(client_.ReadGreeting()).value(); }
  absl::StatusOr<ImapStatus> Login(std::string user = std::string(kUser),
                                   std::string password = std::string(kPassword)) {
    SaslCredential credential;
    credential.username = std::move(user);
    credential.secret = Secret(std::move(password));
    if (!client_.Has("IMAP4REV1")) {
      const absl::StatusOr<ImapStatus> asked = RunTask(client_.Capability());
      if (!asked.ok() || !asked->ok()) return asked;
    }
    if (!client_.Has("AUTH=PLAIN")) {
      return RunTask(client_.Login(credential.username, credential.secret));
    }
    const std::unique_ptr<SaslExchange> exchange =
        MakeSaslExchange("PLAIN", credential, "nonce").value();
    return RunTask(client_.Authenticate(*exchange));
  }
  ImapStatus Noop() { return RunTask(client_.Noop()).value(); }
  ImapStatus StartIdle() { return RunTask(client_.StartIdle()).value(); }
  absl::StatusOr<bool> Wait() { return RunTask(client_.WaitIdle(kWait)); }
  ImapStatus StopIdle() { return RunTask(client_.StopIdle()).value(); }
  absl::StatusOr<ImapFetch> FetchFrom(uint32_t uid, std::string section = "BODY.PEEK[]") {
    return RunTask(client_.FetchFrom(uid, std::move(section)));
  }

 private:
  ScriptedStream stream_;
  ImapClient client_;
};

// "uid/size/body" of each message.
std::vector<std::string> Show(const absl::StatusOr<ImapFetch>& fetch) {
  if (!fetch.ok()) return {fetch.status().ToString()};
  std::vector<std::string> out;
  for (const ImapMessage& message : fetch->messages) {
    out.push_back(Concat(message.uid, "/", message.size, "/", message.body));
  }
  return out;
}

void ExpectNoSecret(std::string_view text) {
  EXPECT_THAT(text, Not(HasSubstr(kPassword)));
  EXPECT_THAT(text, Not(HasSubstr(Base64(kPassword).substr(0, 12))));
  EXPECT_THAT(text, Not(HasSubstr(SaslPlain(kUser, kPassword).substr(0, 12))));
}

TEST(ImapClient, WholeSession) {
  Session session("imap-happy.txt");
  ImapClient& client = session.client();
  EXPECT_EQ(session.Greeting().kind, ImapGreeting::Kind::kOk);
  EXPECT_TRUE(client.Has("LOGINDISABLED"));
  EXPECT_TRUE(RunTask(client.StartTlsCommand())->ok());
  EXPECT_FALSE(client.Has("LOGINDISABLED"));
  ASSERT_TRUE(RunTask(session.stream().StartTls({"mail.b.example", nullptr, true})).ok());
  EXPECT_TRUE(session.Login()->ok());
  EXPECT_TRUE(client.Has("UIDPLUS"));
  EXPECT_FALSE(client.Has("SASL-IR"));
  const ImapMailbox inbox = RunTask(client.Select("INBOX")).value();
  EXPECT_TRUE(inbox.status.ok());
  EXPECT_EQ(inbox.exists, 17u);
  EXPECT_EQ(inbox.uid_validity, 3857529045u);
  EXPECT_EQ(inbox.uid_next, 4392u);
  EXPECT_TRUE(session.Noop().ok());
  EXPECT_EQ(client.exists(), 18u);
  EXPECT_THAT(Show(session.FetchFrom(4392, "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]")),
              ElementsAre("4392/2311/Message-ID: <a@b>\r\n\r\n"));
  EXPECT_TRUE(session.StartIdle().ok());
  EXPECT_TRUE(session.StopIdle().ok());
  EXPECT_EQ(client.exists(), 19u);
  EXPECT_TRUE(RunTask(client.MarkDeleted(4392))->ok());
  EXPECT_TRUE(RunTask(client.Expunge(4392, false))->ok());
  EXPECT_EQ(client.exists(), 18u);
  EXPECT_THAT(RunTask(client.SearchDeleted()).value(), ElementsAre(7, 9, 4294967295u));
  EXPECT_TRUE(RunTask(client.Logout())->ok());
}

TEST(ImapClient, FailedAuthenticateIsScrubbedOfEchoes) {
  Session session("imap-authenticate-without-ir.txt");
  session.Greeting();
  const ImapStatus status = session.Login().value();
  EXPECT_EQ(status.kind, ImapStatus::Kind::kNo);
  EXPECT_EQ(status.code, "AUTHENTICATIONFAILED");
  EXPECT_EQ(status.text.substr(0, 26), "*** is not the password of");
  ExpectNoSecret(status.text);
}

TEST(ImapClient, EndlessAuthenticateIsCancelled) {
  Session session("imap-authenticate-endless.txt");
  session.Greeting();
  EXPECT_EQ(session.Login()->kind, ImapStatus::Kind::kBad);
}

TEST(ImapClient, LoginQuotesAndAsksForCapabilities) {
  Session session("imap-login-quoted.txt");
  session.Greeting();
  EXPECT_TRUE(session.Login("probe", "qu\"ote\\slash")->ok());
  EXPECT_TRUE(session.client().Has("IDLE"));
}

TEST(ImapClient, LoginWithLiterals) {
  Session waiting("imap-login-literal.txt");
  waiting.Greeting();
  EXPECT_TRUE(waiting
                  .Login("pr\xc3\xb6"
                         "be",
                         "p\xc3\xa4ss")
                  ->ok());
  Session at_once("imap-login-literal-plus.txt");
  at_once.Greeting();
  EXPECT_TRUE(at_once.Login("probe", "p\xc3\xa4ss")->ok());
  Session refused("imap-login-literal-refused.txt");
  refused.Greeting();
  EXPECT_EQ(refused.Login("probe", "p\xc3\xa4ss")->kind, ImapStatus::Kind::kBad);
}

TEST(ImapClient, LiteralsEverywhere) {
  Session session("imap-literals-everywhere.txt");
  EXPECT_THAT(Show(session.FetchFrom(1)),
              ElementsAre("7/5/a\r\n{9", "12/0/", "13/0/quoted \"body\""));
}

TEST(ImapClient, Greetings) {
  ScriptedStream preauth_stream("S: * PREAUTH welcome back");
  ImapClient preauth(preauth_stream);
  EXPECT_EQ(RunTask(preauth.ReadGreeting())->kind, ImapGreeting::Kind::kPreauth);
  ScriptedStream bye_stream("S: * BYE [UNAVAILABLE] down for maintenance");
  ImapClient bye(bye_stream);
  const ImapGreeting greeting = RunTask(bye.ReadGreeting()).value();
  EXPECT_EQ(greeting.kind, ImapGreeting::Kind::kBye);
  EXPECT_EQ(greeting.text, "[UNAVAILABLE] down for maintenance");
  for (const std::string_view wrong :
       {"S: * 3 EXISTS", "S: A1 OK hello", "S: + go", "S: 220 mx.a.example ESMTP"}) {
    ScriptedStream stream(wrong);
    ImapClient client(stream);
    EXPECT_THAT(RunTask(client.ReadGreeting()).status().ToString(), HasSubstr("imap protocol: "));
  }
}

TEST(ImapClient, LimitAndByeAreValues) {
  Session session("imap-bye-limit.txt");
  session.Greeting();
  const ImapStatus limit = session.Login("probe", "x").value();
  EXPECT_EQ(limit.code, "LIMIT");
  EXPECT_FALSE(session.client().bye().has_value());
  const ImapStatus bye = session.Noop();
  EXPECT_EQ(bye.kind, ImapStatus::Kind::kNo);
  EXPECT_EQ(bye.code, "BYE");
  EXPECT_EQ(bye.text, "[UNAVAILABLE] Session invalidated - AccessTokenExpired");
  EXPECT_EQ(session.Noop().code, "BYE");  // nothing more is sent
}

TEST(ImapClient, LastMessageTrap) {
  Session session("imap-fetch-last-message-trap.txt");
  EXPECT_THAT(Show(session.FetchFrom(99)), ElementsAre());
}

TEST(ImapClient, UntaggedInTheMiddleOfEverything) {
  Session session("imap-untagged-in-the-middle.txt");
  EXPECT_THAT(Show(session.FetchFrom(5)), ElementsAre("5/4/five", "6/0/"));
  EXPECT_EQ(session.client().exists(), 10u);
  // Message 10 was announced after the FETCH had begun and will not be announced again.
  EXPECT_TRUE(session.StartIdle().ok());
  EXPECT_TRUE(session.Wait().value());
}

TEST(ImapClient, UidValidityIsReadAtEachSelect) {
  Session session("imap-uidvalidity-changed.txt");
  const ImapMailbox before = RunTask(session.client().Select("INBOX")).value();
  EXPECT_EQ(before.uid_validity, 11u);
  EXPECT_EQ(before.uid_next, 5u);
  const ImapMailbox after = RunTask(session.client().Examine("INBOX")).value();
  EXPECT_EQ(after.uid_validity, 12u);
  EXPECT_EQ(after.uid_next, std::nullopt);
  EXPECT_EQ(after.exists, 0u);
  const std::string name = "Entw\xc3\xbcrfe & \"x\"";
  const ImapMailbox missing = RunTask(session.client().Select(name)).value();
  EXPECT_EQ(missing.status.code, "NONEXISTENT");
}

TEST(ImapClient, IdleArrivalBefore) {
  Session session("imap-idle-arrival-before.txt");
  EXPECT_TRUE(session.StartIdle().ok());
  EXPECT_TRUE(session.Wait().value());
  EXPECT_TRUE(session.StopIdle().ok());
}

TEST(ImapClient, IdleArrivalDuring) {
  Session session("imap-idle-arrival-during.txt");
  EXPECT_TRUE(session.StartIdle().ok());
  EXPECT_FALSE(session.Wait().value());  // * OK
  EXPECT_FALSE(session.Wait().value());  // * FETCH
  EXPECT_TRUE(session.Wait().value());   // * EXISTS
  EXPECT_TRUE(session.Wait().value());   // * RECENT
  EXPECT_EQ(session.client().exists(), 1u);
  EXPECT_TRUE(session.StopIdle().ok());
}

TEST(ImapClient, IdleWithoutArrivalLeavesTheConnectionUsable) {
  Session session("imap-idle-none.txt");
  EXPECT_TRUE(session.StartIdle().ok());
  EXPECT_FALSE(session.Wait().value());
  EXPECT_EQ(session.stream().timeout(), absl::Seconds(20));
  EXPECT_FALSE(session.Wait().value());
  EXPECT_TRUE(session.Wait().value());
  EXPECT_EQ(session.client().exists(), 4u);
  EXPECT_TRUE(session.StopIdle().ok());
  EXPECT_TRUE(session.Noop().ok());
}

TEST(ImapClient, ByeWhileIdling) {
  Session session("imap-idle-bye.txt");
  EXPECT_TRUE(session.StartIdle().ok());
  EXPECT_FALSE(session.Wait().value());
  EXPECT_EQ(session.client().bye()->text, "Session invalidated - AccessTokenExpired");
  EXPECT_EQ(GetNetError(session.Wait().status()), NetError::kClosed);
  EXPECT_EQ(session.StopIdle().code, "BYE");
}

TEST(ImapClient, IdleEndedByTheServer) {
  Session session("imap-idle-ended-by-server.txt");
  EXPECT_TRUE(session.StartIdle().ok());
  EXPECT_FALSE(session.Wait().value());
  EXPECT_EQ(session.Wait().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(session.StopIdle().text, "IDLE terminated after 29 minutes");
  EXPECT_TRUE(session.Noop().ok());
}

TEST(ImapClient, IdleRefused) {
  Session session("imap-idle-refused.txt");
  EXPECT_EQ(session.StartIdle().code, "CANNOT");
  EXPECT_EQ(session.Wait().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RunTask(session.client().StopIdle()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ImapClient, NoBareExpungeUnlessAlone) {
  Session session("imap-no-uidplus.txt");
  session.Greeting();
  const ImapStatus refused = RunTask(session.client().Expunge(7, false)).value();
  EXPECT_EQ(refused.kind, ImapStatus::Kind::kNo);
  EXPECT_EQ(refused.code, "NOUIDPLUS");
  EXPECT_TRUE(session.stream().sent().empty());
  EXPECT_TRUE(RunTask(session.client().Expunge(7, true))->ok());
}

TEST(ImapClient, EndAfterByeIsACleanLogout) {
  Session session("imap-logout-without-answer.txt");
  EXPECT_TRUE(RunTask(session.client().Logout())->ok());
}

TEST(ImapClient, BrokenConversations) {
  Session cut("imap-close-mid-response.txt");
  EXPECT_EQ(GetNetError(RunTask(cut.client().Noop()).status()), NetError::kClosed);
  Session foreign("imap-foreign-tag.txt");
  EXPECT_THAT(RunTask(foreign.client().Noop()).status().ToString(),
              HasSubstr("imap protocol: an answer to a command never sent"));
  Session huge("imap-huge-literal.txt");
  EXPECT_THAT(huge.FetchFrom(1).status().ToString(),
              HasSubstr("imap protocol: a literal over 1 MiB"));
}

// A client on a script, told what the server can do.
class Scripted {
 public:
  Scripted(std::string_view capabilities, std::string_view script)
      : stream_(Concat("S: * OK [CAPABILITY IMAP4rev1 ", capabilities, "] ready\n", script)),
        client_(stream_) {
    EXPECT_TRUE(RunTask(client_.ReadGreeting()).ok());
  }
  ImapClient& client() { return client_; }

 private:
  ScriptedStream stream_;
  ImapClient client_;
};

TEST(ImapClient, QuotaOfAMailbox) {
  Scripted session("QUOTA",
                   "C: A1 GETQUOTAROOT \"INBOX\"\nS: * QUOTAROOT INBOX \"\" user\n"
                   "S: * QUOTA \"\" (STORAGE 10 512 message 3 0)\nS: * QUOTA {4}\n"
                   "S: user (STORAGE 99999999999 2 X -1 5 Y)\nS: * QUOTA bare\nS: A1 OK done\n");
  const ImapQuota quota = RunTask(session.client().QuotaOf("INBOX")).value();
  EXPECT_TRUE(quota.status.ok());
  std::vector<std::string> seen;
  for (const ImapQuotaLimit& limit : quota.limits) {
    seen.push_back(
        Concat("'", limit.root, "' ", limit.resource, " ", limit.used, "/", limit.limit));
  }
  EXPECT_THAT(seen,
              ElementsAre("'' STORAGE 10/512", "'' MESSAGE 3/0", "'user' STORAGE 99999999999/2"));
}

TEST(ImapClient, AQuotaThatIsRefused) {
  Scripted session("QUOTA", "C: A1 GETQUOTAROOT *\nS: A1 NO [NOPERM] no\n");
  EXPECT_EQ(RunTask(session.client().QuotaOf("INBOX"))->status.code, "NOPERM");
}

TEST(ImapClient, AppendsAMessage) {
  Scripted waiting("UIDPLUS",
                   "C: A1 APPEND \"Entw&APw-rfe\" (\\Seen) {12}\nS: * 3 EXISTS\nS: + go\n"
                   "C: Subject: x\nC:\nS: A1 OK [APPENDUID 38505 3955] done\n");
  const ImapAppend put =
      RunTask(waiting.client().AppendMessage("Entw\xc3\xbcrfe", "Subject: x\r\n")).value();
  EXPECT_TRUE(put.status.ok());
  EXPECT_EQ(put.uid, 3955u);
  Scripted at_once("LITERAL+", "C: A1 APPEND \"INBOX\" (\\Seen) {3+}\nC: x\nC:\nS: A1 OK done\n");
  EXPECT_EQ(RunTask(at_once.client().AppendMessage("INBOX", "x\r\n"))->uid, 0u);
  Scripted refused("", "C: A1 APPEND *\nS: A1 NO [OVERQUOTA] full\n");
  EXPECT_EQ(RunTask(refused.client().AppendMessage("INBOX", "x\r\n"))->status.code, "OVERQUOTA");
}

TEST(ImapClient, IdentifiesItselfOnlyWhereThatIsOffered) {
  Scripted offered("ID", "C: A1 ID (\"name\" \"postwatch\")\nS: * ID NIL\nS: A1 OK done\n");
  EXPECT_TRUE(RunTask(offered.client().Identify("postwatch"))->ok());
  Scripted silent("", "");
  EXPECT_TRUE(RunTask(silent.client().Identify("postwatch"))->ok());
}

TEST(ImapClient, AuthenticatesByScram) {
  Scripted session("AUTH=SCRAM-SHA-256 AUTH=PLAIN LOGINDISABLED",
                   "C: A1 AUTHENTICATE SCRAM-SHA-256\nS: + \n"
                   "C: biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=\n"
                   "S: + cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxz"
                   "PVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=\n"
                   "C: *\nS: + dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==\n"
                   "C:\nS: A1 OK [CAPABILITY IMAP4rev1 UIDPLUS] in\n");
  EXPECT_THAT(session.client().AuthMechanisms(), ElementsAre("SCRAM-SHA-256", "PLAIN"));
  SaslCredential credential;
  credential.username = "user";
  credential.secret = Secret("pencil");
  const std::unique_ptr<SaslExchange> exchange =
      MakeSaslExchange("SCRAM-SHA-256", credential, "rOprNGfwEbeRWgbNEkqO").value();
  EXPECT_TRUE(RunTask(session.client().Authenticate(*exchange))->ok());
  EXPECT_EQ(exchange->ServerFault(true), "");
  EXPECT_TRUE(session.client().Has("UIDPLUS"));
}

TEST(ImapClient, InjectionIsRefusedBeforeAnythingIsSent) {
  ScriptedStream stream("");
  ImapClient client(stream);
  const Secret good{std::string("x")};
  const Secret bad{std::string("x\r\nA2 LOGOUT")};
  const auto refused = [](const absl::Status& status) {
    return status.code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(RunTask(client.Login("a\r\nb", good)).status()));
  const absl::Status password = RunTask(client.Login("a", bad)).status();
  EXPECT_TRUE(refused(password));
  EXPECT_THAT(password.ToString(), Not(HasSubstr("LOGOUT")));
  EXPECT_TRUE(refused(RunTask(client.Select("a\nb")).status()));
  EXPECT_TRUE(refused(RunTask(client.Fetch(1, "BODY[]\r\nA2 LOGOUT")).status()));
  EXPECT_TRUE(stream.sent().empty());
}

}  // namespace
}  // namespace postwatch
