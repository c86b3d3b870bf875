#include "common/mail/smtp_client.h"

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

// A session on a script file, spoken to call by call.
class Session {
 public:
  explicit Session(const std::string& name) : stream_(LoadScript(name)), client_(stream_) {}

  Stream& stream() { return stream_; }
  SmtpClient& client() { return client_; }
  absl::StatusOr<SmtpReply> Banner() { return RunTask(client_.ReadBanner()); }
  absl::StatusOr<EhloReply> Ehlo() { return RunTask(client_.Ehlo("agent.example")); }
  absl::StatusOr<SmtpReply> Authenticate(std::string_view mechanism, std::string user) {
    SaslCredential credential;
    credential.username = std::move(user);
    credential.secret = Secret(std::string(kPassword));
    const std::unique_ptr<SaslExchange> exchange =
        MakeSaslExchange(mechanism, credential, "nonce").value();
    return RunTask(client_.Authenticate(*exchange));
  }
  absl::StatusOr<SmtpReply> AuthPlain(const std::string& user = std::string(kUser)) {
    return Authenticate("PLAIN", user);
  }
  absl::StatusOr<SmtpReply> AuthLogin() { return Authenticate("LOGIN", std::string(kUser)); }
  absl::StatusOr<SmtpReply> Data() { return RunTask(client_.DataCommand()); }
  absl::StatusOr<SmtpReply> Send(const std::string& message) {
    return RunTask(client_.SendMessage(message));
  }

 private:
  ScriptedStream stream_;
  SmtpClient client_;
};

void ExpectNoSecret(std::string_view text) {
  EXPECT_THAT(text, Not(HasSubstr(kPassword)));
  EXPECT_THAT(text, Not(HasSubstr(Base64(kPassword).substr(0, 12))));
  EXPECT_THAT(text, Not(HasSubstr(SaslPlain(kUser, kPassword).substr(0, 12))));
}

TEST(SmtpClient, WholeSubmission) {
  Session session("smtp-587-starttls-auth-plain.txt");
  EXPECT_EQ(session.Banner()->text, "mx.a.example ESMTP Postfix");
  const absl::StatusOr<EhloReply> plain = session.Ehlo();
  EXPECT_TRUE(plain->Has("STARTTLS"));
  EXPECT_FALSE(plain->Has("AUTH"));
  EXPECT_EQ(RunTask(session.client().StartTlsCommand())->code, 220);
  ASSERT_TRUE(RunTask(session.stream().StartTls({"mx.a.example", nullptr, true})).ok());
  const absl::StatusOr<EhloReply> ehlo = session.Ehlo();
  EXPECT_FALSE(ehlo->Has("STARTTLS"));
  EXPECT_TRUE(ehlo->Has("SIZE"));
  EXPECT_FALSE(ehlo->helo_fallback);
  EXPECT_THAT(ehlo->capabilities,
              ElementsAre("SIZE 10240000", "AUTH PLAIN LOGIN", "AUTH=LOGIN XOAUTH2",
                          "ENHANCEDSTATUSCODES", "8BITMIME"));
  EXPECT_THAT(ehlo->AuthMechanisms(), ElementsAre("PLAIN", "LOGIN", "XOAUTH2"));
  EXPECT_EQ(session.AuthPlain()->code, 235);
  const std::vector<std::string> parameters = {"SIZE=64", "BODY=8BITMIME"};
  EXPECT_TRUE(RunTask(session.client().MailFrom("probe@a.example", parameters))->positive());
  EXPECT_EQ(RunTask(session.client().RcptTo("probe@b.example"))->code, 251);
  EXPECT_TRUE(session.Data()->intermediate());
  const absl::StatusOr<SmtpReply> accepted = session.Send(
      "Subject: dots\r\n\n.\r\n..\n.x\rbare LF above, bare CR above\r\nlast line, no line end");
  EXPECT_EQ(accepted->text, "Ok: queued as 4F2A1C0");
  EXPECT_EQ(accepted->enhanced, "2.0.0");
  EXPECT_TRUE(session.client().final_dot_sent());
  EXPECT_EQ(RunTask(session.client().Reset())->code, 250);
  EXPECT_EQ(RunTask(session.client().Quit())->code, 221);
}

TEST(SmtpClient, AuthLoginIsScrubbedOfEchoes) {
  Session session("smtp-auth-login.txt");
  const absl::StatusOr<SmtpReply> reply = session.AuthLogin();
  EXPECT_EQ(reply->code, 535);
  EXPECT_EQ(reply->enhanced, "5.7.8");
  EXPECT_THAT(reply->text, HasSubstr("Username and Password not accepted.\nYou sent *** and ***"));
  ExpectNoSecret(reply->text);
}

TEST(SmtpClient, AuthLoginStopsAtARefusal) {
  Session session("smtp-auth-login-refused-at-name.txt");
  EXPECT_EQ(session.AuthLogin()->text, "no such account");
}

TEST(SmtpClient, AuthPlainIsScrubbedOfEchoes) {
  Session session("smtp-auth-plain-echo.txt");
  const absl::StatusOr<SmtpReply> reply = session.AuthPlain();
  EXPECT_THAT(reply->text, HasSubstr("cannot decode ***"));
  ExpectNoSecret(reply->text);
}

TEST(SmtpClient, BrokenEchoIsScrubbedToo) {
  Session session("smtp-auth-plain-broken-echo.txt");
  const absl::StatusOr<SmtpReply> reply = session.AuthPlain();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(reply.status().ToString(), HasSubstr("smtp protocol: not a reply line: 'got ***"));
  ExpectNoSecret(reply.status().ToString());
}

TEST(SmtpClient, LongResponseWaitsFor334) {
  Session session("smtp-auth-plain-on-request.txt");
  EXPECT_EQ(session.AuthPlain(std::string(400, 'u'))->code, 235);
}

TEST(SmtpClient, MixedCodesAreAProtocolError) {
  Session session("smtp-multiline-mixed-codes.txt");
  const absl::Status status = session.Ehlo().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.ToString(), HasSubstr("smtp protocol: lines with different codes"));
}

TEST(SmtpClient, ShutdownBeforeTheMessageWasSent) {
  Session session("smtp-421-mid-data.txt");
  EXPECT_EQ(session.Data()->code, 354);
  EXPECT_EQ(session.Send("x")->code, 421);
  EXPECT_FALSE(session.client().final_dot_sent());
}

TEST(SmtpClient, ShutdownInAnswerToTheMessage) {
  Session session("smtp-421-answers-data.txt");
  EXPECT_EQ(session.Data()->code, 354);
  EXPECT_EQ(session.Send("x")->enhanced, "4.3.2");
  EXPECT_TRUE(session.client().final_dot_sent());
}

TEST(SmtpClient, DropAfterFinalDot) {
  Session session("smtp-drop-after-final-dot.txt");
  EXPECT_EQ(session.Data()->code, 354);
  EXPECT_EQ(GetNetError(session.Send("x").status()), NetError::kClosed);
  EXPECT_TRUE(session.client().final_dot_sent());
}

TEST(SmtpClient, ResetBeforeTheLastChunkIsNoMaybe) {
  Session session("smtp-reset-before-message.txt");
  EXPECT_EQ(session.Data()->code, 354);
  const std::string big(200 * 1024, 'x');
  EXPECT_EQ(GetNetError(session.Send(big).status()), NetError::kReset);
  EXPECT_FALSE(session.client().final_dot_sent());
}

TEST(SmtpClient, NoStartTls) {
  Session session("smtp-no-starttls.txt");
  EXPECT_EQ(session.Banner()->code, 220);
  const absl::StatusOr<EhloReply> ehlo = session.Ehlo();
  EXPECT_TRUE(ehlo->reply.positive());
  EXPECT_FALSE(ehlo->Has("STARTTLS"));
  EXPECT_TRUE(ehlo->AuthMechanisms().empty());
}

TEST(SmtpClient, BytesBehindTheStartTlsReplyAreRefused) {
  Session session("smtp-starttls-injection.txt");
  EXPECT_EQ(session.Banner()->code, 220);
  EXPECT_TRUE(session.Ehlo()->Has("STARTTLS"));
  EXPECT_EQ(RunTask(session.client().StartTlsCommand())->code, 220);
  const absl::Status started = RunTask(session.stream().StartTls({"mx.a.example", nullptr, true}));
  EXPECT_EQ(GetNetError(started), NetError::kPlaintextInjection);
}

TEST(SmtpClient, TooLongLineAndTooManyLines) {
  Session line("smtp-line-of-10-kilobytes.txt");
  EXPECT_THAT(line.Banner().status().ToString(), HasSubstr("smtp protocol: a line over 4 KiB"));
  Session lines("smtp-101-lines.txt");
  EXPECT_THAT(lines.Banner().status().ToString(),
              HasSubstr("smtp protocol: a reply of over 100 lines"));
}

TEST(SmtpClient, BareLineFeedsAreRead) {
  Session session("smtp-bare-lf.txt");
  EXPECT_EQ(session.Banner()->text, "mx.a.example\nESMTP");
  EXPECT_THAT(session.Ehlo()->capabilities, ElementsAre("STARTTLS", "SIZE 1000"));
}

TEST(SmtpClient, HeloFallback) {
  Session session("smtp-helo-fallback.txt");
  EXPECT_EQ(session.Banner()->code, 220);
  const absl::StatusOr<EhloReply> ehlo = session.Ehlo();
  EXPECT_TRUE(ehlo->helo_fallback);
  EXPECT_EQ(ehlo->reply.text, "old.a.example Hello");
  EXPECT_TRUE(ehlo->capabilities.empty());
}

TEST(SmtpClient, NoHeloAfterATemporaryRefusal) {
  Session session("smtp-ehlo-421.txt");
  EXPECT_EQ(session.Banner()->code, 220);
  const absl::StatusOr<EhloReply> ehlo = session.Ehlo();
  EXPECT_EQ(ehlo->reply.code, 421);
  EXPECT_FALSE(ehlo->helo_fallback);
}

TEST(SmtpClient, ReplyBeforeItsCommand) {
  Session early("smtp-reply-before-command.txt");
  EXPECT_EQ(early.Banner()->code, 220);
  EXPECT_THAT(early.Ehlo().status().ToString(),
              HasSubstr("smtp protocol: a reply before its command: 250"));
  Session shutdown("smtp-421-before-command.txt");
  EXPECT_EQ(shutdown.Banner()->code, 220);
  EXPECT_EQ(shutdown.Ehlo()->reply.code, 421);
}

TEST(SmtpClient, EndInTheMiddleOfAReply) {
  Session session("smtp-close-in-reply.txt");
  EXPECT_EQ(GetNetError(session.Banner().status()), NetError::kClosed);
}

TEST(SmtpClient, RefusedBannerIsAValue) {
  Session session("smtp-banner-554.txt");
  const absl::StatusOr<SmtpReply> banner = session.Banner();
  EXPECT_EQ(banner->code, 554);
  EXPECT_EQ(banner->text, "mx.a.example\nNo SMTP service here");
}

TEST(SmtpClient, BareCodes) {
  Session session("smtp-bare-code.txt");
  EXPECT_EQ(session.Banner()->code, 220);
  EXPECT_EQ(RunTask(session.client().Quit())->code, 221);
}

TEST(SmtpClient, InjectionIsRefusedBeforeAnythingIsSent) {
  ScriptedStream stream("");
  SmtpClient client(stream);
  const auto refused = [](const absl::Status& status) {
    return status.code() == absl::StatusCode::kInvalidArgument;
  };
  const std::string nul("a\0b", 3);
  EXPECT_TRUE(refused(RunTask(client.Ehlo("a\r\nRSET")).status()));
  EXPECT_TRUE(refused(RunTask(client.Ehlo("")).status()));
  EXPECT_TRUE(refused(RunTask(client.MailFrom("a@b\nRCPT", {})).status()));
  EXPECT_TRUE(refused(RunTask(client.MailFrom("a@b> SIZE=1", {})).status()));
  const std::vector<std::string> parameters = {"SIZE=1\rX"};
  EXPECT_TRUE(refused(RunTask(client.MailFrom("a@b", parameters)).status()));
  EXPECT_TRUE(refused(RunTask(client.RcptTo("a@b\r\nDATA")).status()));
  EXPECT_TRUE(refused(RunTask(client.RcptTo(nul)).status()));
  EXPECT_TRUE(stream.sent().empty());
}

}  // namespace
}  // namespace postwatch
