#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

constexpr char kToAuth[] = R"(
C! starttls
S: +OK Dovecot ready. <1896.697170952@mail.alpha.test>
C: CAPA
S: +OK
S: UIDL
S: USER
S: SASL PLAIN
S: .
C: AUTH PLAIN *
)";

constexpr char kFromAuth[] = R"(
S: +OK Logged in.
C: STAT
S: +OK 2 1280
C: UIDL
S: +OK
S: 1 000001
S: 2 000002
S: .
C: QUIT
S: +OK Logging out.
)";

constexpr char kTouchedToTls[] =
    "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/pop3 provider:alpha site:192.0.2.3 "
    "cert:mail.alpha.test";

class Pop3AccessTest : public ProbeFixture {
 protected:
  Pop3AccessTest() { resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"})); }

  Settings Mailbox(const std::string& port) {
    const Settings server =
        Keys({{"protocol", Text("pop3")}, {"host", Text("mail.alpha.test")}, {"port", Text(port)}});
    return MailboxKeys({{"receive", server}});
  }
  Observation RunScript(const std::string& script, const std::string& port = "995",
                        absl::Duration interval = absl::ZeroDuration()) {
    scripted_.AddFor("192.0.2.3:" + port, script);
    CheckSpec spec = Spec("pop3.access", Keys({{"mailbox", Mailbox(port)}}));
    spec.interval = interval;
    spec.timeout = absl::Minutes(2);
    Observation seen = Run(spec);
    ExpectNoSecret(seen, kPassword);
    return seen;
  }
};

TEST_F(Pop3AccessTest, SeesTheMailboxAndChangesNothing) {
  const Observation seen = RunScript(Concat(kToAuth, kFromAuth));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "dns connect tls banner capa auth stat uidl quit");
  EXPECT_EQ(TouchedText(seen),
            Concat(kTouchedToTls, " auth:alpha acct:probe@alpha.test mbox:probe@alpha.test"));
  EXPECT_EQ(seen.evidence.facts.at("mailbox.exists"), "2");
  EXPECT_EQ(seen.evidence.facts.at("mailbox.bytes"), "1280");
  EXPECT_EQ(seen.evidence.facts.at("auth.mechanism"), "PLAIN");
}

TEST_F(Pop3AccessTest, UpgradesWithStls) {
  const std::string after_tls =
      std::string(kToAuth).erase(0, std::string_view(kToAuth).find("C: CAPA"));
  const Observation upgraded =
      RunScript(Concat("S: +OK ready\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: +OK go\n"
                       "C! starttls\n",
                       after_tls, kFromAuth),
                "110");
  EXPECT_EQ(Summary(upgraded), "pass");
  EXPECT_EQ(StepsText(upgraded), "dns connect banner capa stls tls capa auth stat uidl quit");
}

TEST_F(Pop3AccessTest, NoPasswordInTheClear) {
  EXPECT_EQ(Summary(RunScript("S: +OK ready\nC: CAPA\nS: +OK\nS: USER\nS: .\n", "110")),
            "fail tls_not_offered at stls");
  EXPECT_EQ(
      Summary(RunScript("S: +OK ready\nC: CAPA\nS: -ERR what\nC: STLS\nS: -ERR what\n", "110")),
      "fail tls_starttls_refused at stls");
}

TEST_F(Pop3AccessTest, AnInjectedLineBeforeTlsIsNotTaken) {
  const Observation seen = RunScript(
      "S: +OK ready\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\n"
      "S! raw +OK go\\r\\n+OK evil\\r\\n\nC! starttls\n",
      "110");
  EXPECT_EQ(Summary(seen), "fail tls_plaintext_injection at tls");
}

TEST_F(Pop3AccessTest, WithoutCapaByUserAndPass) {
  const Observation seen =
      RunScript(Concat("C! starttls\nS: +OK ready\nC: CAPA\nS: -ERR Unknown command.\n"
                       "C: USER probe@alpha.test\nS: +OK\nC: PASS *\n",
                       kFromAuth));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.evidence.facts.at("auth.mechanism"), "command");
}

TEST_F(Pop3AccessTest, RefusalsByTheirCause) {
  EXPECT_EQ(Summary(RunScript(Concat(kToAuth, "S: -ERR [AUTH] Authentication failed.\n"))),
            "fail pop3_auth_failed at auth");
  EXPECT_EQ(Summary(RunScript(Concat(kToAuth, "S: -ERR [SYS/TEMP] backend down\n"))),
            "fail pop3_sys_temp at auth");
  EXPECT_EQ(Summary(RunScript(Concat(kToAuth, "S: -ERR [LOGIN-DELAY] wait\n"))),
            "fail pop3_login_delay at auth");
  EXPECT_EQ(Summary(RunScript("C! starttls\nS: -ERR go away\n")), "fail pop3_sys_temp at banner");
  EXPECT_EQ(Summary(RunScript("C! starttls\nS: 220 what\n")), "fail pop3_protocol at banner");
}

TEST_F(Pop3AccessTest, ALockThatIsToldLateIsNoTimeout) {
  const Observation seen = RunScript(Concat(
      kToAuth, "S! delay 35s\nS: -ERR [IN-USE] Mailbox is locked by another POP3 session.\n"));
  EXPECT_EQ(Summary(seen), "fail pop3_in_use at auth");
}

TEST_F(Pop3AccessTest, AServerWithoutUidlIsFine) {
  const std::string script = Concat(
      "C! starttls\nS: +OK ready\nC: CAPA\nS: -ERR\nC: USER *\nS: +OK\nC: PASS *\nS: +OK\n"
      "C: STAT\nS: +OK 0 0\nC: UIDL\nS: -ERR Unknown command.\nC: QUIT\nS: +OK\n");
  EXPECT_EQ(Summary(RunScript(script)), "pass");
}

TEST_F(Pop3AccessTest, CountsThatDoNotAgree) {
  const Observation seen =
      RunScript(Concat(kToAuth,
                       "S: +OK in\nC: STAT\nS: +OK 3 1280\nC: UIDL\nS: +OK\nS: 1 a\nS: .\n"
                       "C: QUIT\nS: +OK\n"));
  EXPECT_EQ(Summary(seen), "fail pop3_protocol at uidl");
}

TEST_F(Pop3AccessTest, AfterAFaultTheMaildropIsLetGoOf) {
  const Observation seen = RunScript(
      Concat(kToAuth, "S: +OK in\nC: STAT\nS: -ERR [SYS/PERM] index is broken\nC: QUIT\nS: +OK\n"));
  EXPECT_EQ(Summary(seen), "fail pop3_sys_perm at stat");
  EXPECT_EQ(scripted_.transcript().sent.back(), "QUIT");
}

TEST_F(Pop3AccessTest, ALoginDelayLongerThanTheIntervalIsAFinding) {
  std::string to_auth = kToAuth;
  to_auth.replace(to_auth.find("S: USER"), 7, "S: LOGIN-DELAY 900");
  EXPECT_EQ(FindingsText(RunScript(Concat(to_auth, kFromAuth), "995", absl::Minutes(1))),
            "pop3_login_delay");
  EXPECT_EQ(FindingsText(RunScript(Concat(to_auth, kFromAuth), "995", absl::Minutes(15))), "");
}

TEST_F(Pop3AccessTest, AMailboxOfImapIsAMistake) {
  EXPECT_NE(Refusal(Spec("pop3.access", Keys({{"mailbox", MailboxKeys()}})))
                .find("mailbox: is not read by pop3 (receive: {protocol: pop3})"),
            std::string::npos);
}

}  // namespace
}  // namespace postwatch::agent
