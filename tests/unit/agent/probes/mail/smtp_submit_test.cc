#include "absl/strings/escaping.h"
#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

constexpr char kToAuth[] = R"(
S: 220 mail ESMTP
C: EHLO agent.example.net
S: 250-mail
S: 250 STARTTLS
C: STARTTLS
S: 220 go
C! starttls
C: EHLO agent.example.net
S: 250-mail
S: 250 AUTH PLAIN LOGIN
C: AUTH PLAIN *
)";

constexpr char kFromMail[] = R"(
C: MAIL FROM:<probe@alpha.test>
S: 250 2.1.0 Ok
C: RCPT TO:<probe@alpha.test>
S: 250 2.1.5 Ok
C: RSET
S: 250 2.0.0 Ok
C: QUIT
S: 221 bye
)";

constexpr char kTouchedToAuth[] =
    "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/submission provider:alpha site:192.0.2.3 "
    "cert:mail.alpha.test auth:alpha acct:probe@alpha.test";

class SmtpSubmitTest : public ProbeFixture {
 protected:
  SmtpSubmitTest() { resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"})); }

  CheckSpec Submit(Settings mailbox = MailboxKeys()) {
    return Spec("smtp.submit", Keys({{"mailbox", mailbox}}));
  }
  Observation RunScript(const std::string& script) {
    scripted_.AddFor("192.0.2.3:587", script);
    Observation seen = Run(Submit());
    ExpectNoSecret(seen, kPassword);
    return seen;
  }
};

TEST_F(SmtpSubmitTest, LogsInAndSendsNothing) {
  const Observation seen = RunScript(Concat(kToAuth, "S: 235 in\n", kFromMail));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen),
            "dns connect banner ehlo starttls tls ehlo2 auth mail rcpt reset quit");
  EXPECT_EQ(TouchedText(seen), kTouchedToAuth);
}

TEST_F(SmtpSubmitTest, EveryAnswerThatKeepsUsWaitingIsATarpit) {
  std::string script = Concat(kToAuth, "S: 235 in\n", kFromMail);
  for (const std::string_view answer : {"S: 250-mail", "S: 250 2.1.0", "S: 250 2.1.5"}) {
    script.insert(script.find(answer), "S! delay 11s\n");
  }
  CheckSpec spec = Submit();
  spec.timeout = absl::Minutes(1);
  scripted_.AddFor("192.0.2.3:587", script);
  const Observation seen = Run(spec);
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "smtp_tarpitted smtp_tarpitted smtp_tarpitted");
  EXPECT_EQ(seen.findings[0].detail, "the answer to EHLO took 11s");
  EXPECT_EQ(seen.findings[2].detail, "the answer to RCPT took 11s");
}

TEST_F(SmtpSubmitTest, TheEnvelopeCanBeLeftOut) {
  scripted_.AddFor("192.0.2.3:587", Concat(kToAuth, "S: 235 in\nC: QUIT\nS: 221 bye\n"));
  const CheckSpec spec =
      Spec("smtp.submit", Keys({{"mailbox", MailboxKeys()}, {"envelope", Text("false")}}));
  EXPECT_EQ(Summary(Run(spec)), "pass");
}

TEST_F(SmtpSubmitTest, ARefusedLoginIsTheAccounts) {
  const Observation seen = RunScript(Concat(kToAuth, "S: 535 5.7.8 authentication failed\n"));
  EXPECT_EQ(Summary(seen), "fail smtp_auth_failed at auth");
  EXPECT_EQ(TouchedText(seen), kTouchedToAuth);
}

TEST_F(SmtpSubmitTest, ARefusedLoginThatWorkedBeforeContradictsHistory) {
  const std::unique_ptr<Probe> probe = Make(Submit());
  scripted_.AddFor("192.0.2.3:587", Concat(kToAuth, "S: 235 in\n", kFromMail));
  EXPECT_EQ(Summary(RunAll(*probe, Submit()).front()), "pass");
  scripted_.AddFor("192.0.2.3:587", Concat(kToAuth, "S: 535 5.7.8 authentication failed\n"));
  const Observation seen = RunAll(*probe, Submit()).front();
  EXPECT_EQ(Summary(seen), "fail smtp_auth_failed at auth");
  EXPECT_EQ(seen.evidence.facts.at("contradicts_history"), "true");
}

TEST_F(SmtpSubmitTest, AServerThatEchoesTheCredentialsIsBlotted) {
  const std::string plain =
      absl::Base64Escape(Concat(std::string("\0probe@alpha.test\0", 18), kPassword));
  RunScript(Concat(kToAuth, "S: 535 5.7.8 bad AUTH PLAIN ", plain, " ", kPassword, "\n"));
}

TEST_F(SmtpSubmitTest, APathThatRefusesMailAfterTheLoginIsSeen) {
  const Observation seen = RunScript(Concat(kToAuth, "S: 235 in\nC: MAIL FROM:<probe@alpha.test>\n",
                                            "S: 452 4.3.1 Insufficient system storage\n"));
  EXPECT_EQ(seen.failure->step, "mail");
  EXPECT_EQ(seen.failure->reply->code, 452);
}

TEST_F(SmtpSubmitTest, NoPasswordWithoutVerifiedTls) {
  for (const char* how : {"untrusted-self-signed", "untrusted-name", "untrusted-expired"}) {
    scripted_.AddFor("192.0.2.3:587",
                     Concat("S: 220 mail\nC: EHLO agent.example.net\nS: 250-mail\n",
                            "S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nC! starttls ", how));
    const Observation seen = Run(Submit());
    EXPECT_EQ(seen.failure->step, "tls");
    EXPECT_EQ(TouchedText(seen),
              "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/submission provider:alpha "
              "site:192.0.2.3 cert:mail.alpha.test");
  }
  for (const std::string& line : scripted_.transcript().sent) {
    EXPECT_EQ(line.find("AUTH"), line.npos) << line;
  }
}

TEST_F(SmtpSubmitTest, NoPasswordWhenStarttlsIsGone) {
  const Observation seen =
      RunScript("S: 220 mail\nC: EHLO agent.example.net\nS: 250-mail\nS: 250 AUTH PLAIN\n");
  EXPECT_EQ(Summary(seen), "fail tls_not_offered at starttls");
}

TEST_F(SmtpSubmitTest, TextBeforeTheHandshakeIsAnInjection) {
  const Observation seen = RunScript(
      "S: 220 mail\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n"
      "S! raw 220 go\\r\\n250 AUTH PLAIN\\r\\n\n");
  EXPECT_EQ(Summary(seen), "fail tls_plaintext_injection at tls");
}

TEST_F(SmtpSubmitTest, AnUnknownMechanismIsNamed) {
  const Observation seen = RunScript(
      "S: 220 mail\nC: EHLO agent.example.net\nS: 250-mail\nS: 250 STARTTLS\nC: STARTTLS\n"
      "S: 220 go\nC! starttls\nC: EHLO agent.example.net\nS: 250-mail\nS: 250 AUTH XOAUTH2\n");
  EXPECT_EQ(Summary(seen), "fail smtp_auth_method at auth");
}

TEST_F(SmtpSubmitTest, PlainIsPossibleOnlyWhenConfigured) {
  scripted_.AddFor("192.0.2.3:587",
                   Concat("S: 220 mail\nC: EHLO agent.example.net\nS: 250-mail\n",
                          "S: 250 AUTH PLAIN\nC: AUTH PLAIN *\nS: 235 in\n", kFromMail));
  const Settings server = Keys({{"host", Text("mail.alpha.test")}, {"security", Text("plain")}});
  EXPECT_EQ(Summary(Run(Submit(MailboxKeys({{"submission", server}})))), "pass");
}

TEST_F(SmtpSubmitTest, TheNextAddressIsTriedAndTheFirstNotJudged) {
  resolver_.Forget("mail.alpha.test", RrType::kA);
  resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.4", "192.0.2.3"}));
  scripted_.AddFailureFor("192.0.2.4:587", NetError::kRefused);
  const Observation seen = RunScript(Concat(kToAuth, "S: 235 in\n", kFromMail));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tcp_refused");
  EXPECT_EQ(TouchedText(seen), kTouchedToAuth);
}

TEST_F(SmtpSubmitTest, AnUnreadablePasswordIsNotTheProviders) {
  secrets_.clear();
  EXPECT_EQ(
      Summary(RunScript(
          "S: 220 mail\nC: EHLO agent.example.net\nS: 250-mail\nS: 250 STARTTLS\nC: STARTTLS\n"
          "S: 220 go\nC! starttls\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 AUTH PLAIN\n")),
      "not_tested: the password of probe@alpha.test could not be read: no secret mailbox");
}

}  // namespace
}  // namespace postwatch::agent
