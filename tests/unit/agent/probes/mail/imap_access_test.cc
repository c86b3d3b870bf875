#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

constexpr char kToLogin[] = R"(
C! starttls
S: * OK ready
C: A1 CAPABILITY
S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
S: A1 OK done
C: A2 AUTHENTICATE PLAIN *
)";

constexpr char kFromLogin[] = R"(
S: A2 OK [CAPABILITY IMAP4rev1 UIDPLUS] in
C: A3 EXAMINE "INBOX"
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] ids
S: A3 OK [READ-ONLY] done
C: A4 NOOP
S: A4 OK done
C: A5 LOGOUT
S: * BYE bye
S: A5 OK done
)";

constexpr char kTouchedToTls[] =
    "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/imap provider:alpha site:192.0.2.3 "
    "cert:mail.alpha.test";

class ImapAccessTest : public ProbeFixture {
 protected:
  ImapAccessTest() { resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"})); }

  Observation RunScript(const std::string& script, std::string port = "993") {
    scripted_.AddFor("192.0.2.3:" + port, script);
    const Settings server = Keys({{"host", Text("mail.alpha.test")}, {"port", Text(port)}});
    Observation seen =
        Run(Spec("imap.access", Keys({{"mailbox", MailboxKeys({{"receive", server}})}})));
    ExpectNoSecret(seen, kPassword);
    return seen;
  }
};

TEST_F(ImapAccessTest, ReadsTheMailboxAndChangesNothing) {
  const Observation seen = RunScript(Concat(kToLogin, kFromLogin));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "dns connect tls greeting login select noop logout");
  EXPECT_EQ(TouchedText(seen),
            Concat(kTouchedToTls, " auth:alpha acct:probe@alpha.test mbox:probe@alpha.test"));
  EXPECT_EQ(seen.evidence.facts.at("mailbox.exists"), "3");
}

TEST_F(ImapAccessTest, ARefusedLoginIsTheAccounts) {
  const Observation seen =
      RunScript(Concat(kToLogin, "S: A2 NO [AUTHENTICATIONFAILED] Authentication failed.\n"));
  EXPECT_EQ(Summary(seen), "fail imap_auth_failed at login");
  EXPECT_EQ(TouchedText(seen), Concat(kTouchedToTls, " auth:alpha acct:probe@alpha.test"));
  EXPECT_EQ(seen.failure->reply->text, "[AUTHENTICATIONFAILED] Authentication failed.");
  EXPECT_EQ(seen.failure->reply->enhanced, "");
}

TEST_F(ImapAccessTest, ADeadBackendIsNotAWrongPassword) {
  EXPECT_EQ(Summary(RunScript(Concat(kToLogin, "S: A2 NO [UNAVAILABLE] try later\n"))),
            "fail imap_auth_backend at login");
  EXPECT_EQ(Summary(RunScript(Concat(kToLogin, "S: A2 NO [LIMIT] too many\n"))),
            "fail imap_too_many_connections at login");
}

TEST_F(ImapAccessTest, ASessionWhoseTimeIsUpIsNoFault) {
  const std::string_view until_noop = "S: A4 OK done";
  std::string script = Concat(kToLogin, kFromLogin);
  script.replace(script.find(until_noop), script.npos,
                 "S: * BYE Session invalidated - AccessTokenExpired\n");
  EXPECT_EQ(
      Summary(RunScript(script)),
      "not_tested: the session was ended in the middle, which is no fault; the server said NO "
      "[BYE] Session invalidated - AccessTokenExpired");
}

class ImapFamilyTest : public ImapAccessTest {
 protected:
  ImapFamilyTest() {
    resolver_.On("mail.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::3"}));
  }

  Observation RunFamily(const char* family) {
    const Settings server = Keys({{"host", Text("mail.alpha.test")}, {"family", Text(family)}});
    return Run(Spec("imap.access", Keys({{"mailbox", MailboxKeys({{"receive", server}})}})));
  }
};

TEST_F(ImapFamilyTest, BothLooksAtIpv6Too) {
  scripted_.AddFor("192.0.2.3:993", Concat(kToLogin, kFromLogin));
  scripted_.AddFor("[2001:db8::3]:993", "");
  const Observation seen = RunFamily("both");
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("ip"), "192.0.2.3");
  EXPECT_EQ(seen.evidence.facts.at("ip.beside"), "2001:db8::3 answers");
}

TEST_F(ImapFamilyTest, DeadIpv6BesideGoodIpv4IsAFinding) {
  scripted_.AddFor("192.0.2.3:993", Concat(kToLogin, kFromLogin));
  scripted_.AddFailureFor("[2001:db8::3]:993", NetError::kRefused);
  const Observation seen = RunFamily("both");
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tcp_refused");
}

TEST_F(ImapFamilyTest, AnAgentWithoutIpv6SaysNothingAboutTheServers) {
  scripted_.AddFor("192.0.2.3:993", Concat(kToLogin, kFromLogin));
  scripted_.AddFailureFor("[2001:db8::3]:993", NetError::kUnreachable);
  EXPECT_EQ(FindingsText(RunFamily("both")), "");
}

TEST_F(ImapFamilyTest, DeadIpv4BesideGoodIpv6Fails) {
  scripted_.AddFailureFor("192.0.2.3:993", NetError::kRefused);
  EXPECT_EQ(Summary(RunFamily("both")), "fail tcp_refused at connect");
}

TEST_F(ImapFamilyTest, OneFamilyAlone) {
  scripted_.AddFor("[2001:db8::3]:993", Concat(kToLogin, kFromLogin));
  EXPECT_EQ(RunFamily("v6").evidence.facts.at("ip"), "2001:db8::3");
  scripted_.AddFor("192.0.2.3:993", Concat(kToLogin, kFromLogin));
  EXPECT_EQ(RunFamily("v4").evidence.facts.at("ip"), "192.0.2.3");
}

TEST_F(ImapAccessTest, GreetingsThatSendUsAway) {
  EXPECT_EQ(Summary(RunScript("C! starttls\nS: * BYE down for maintenance\n")),
            "fail imap_greeting_bye at greeting");
  EXPECT_EQ(Summary(RunScript("C! starttls\nS: * PREAUTH hello\n")),
            "fail imap_greeting_preauth at greeting");
  EXPECT_EQ(Summary(RunScript("C! starttls\nS: hello\n")), "fail imap_protocol at greeting");
  EXPECT_EQ(Summary(RunScript("C! starttls\nS! close\n")), "fail conn_closed_early at greeting");
}

TEST_F(ImapAccessTest, LoginDisabledIsAPolicyAndCountsOnlyAfterTls) {
  const std::string to_tls =
      "S: * OK ready\nC: A1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\n"
      "S: A1 OK done\nC: A2 STARTTLS\nS: A2 OK go\nC! starttls\nC: A3 CAPABILITY\n";
  const Observation seen =
      RunScript(Concat(to_tls, "S: * CAPABILITY IMAP4rev1 LOGINDISABLED\nS: A3 OK done\n"), "143");
  EXPECT_EQ(Summary(seen), "fail imap_auth_policy at login");
  EXPECT_EQ(StepsText(seen), "dns connect greeting starttls tls capability login");
  const Observation open =
      RunScript(Concat(to_tls, "S: * CAPABILITY IMAP4rev1\nS: A3 OK done\nC: A4 LOGIN *\n",
                       "S: A4 NO [AUTHENTICATIONFAILED] no\n"),
                "143");
  EXPECT_EQ(Summary(open), "fail imap_auth_failed at login");
}

TEST_F(ImapAccessTest, NoPasswordInTheClear) {
  const Observation seen = RunScript(
      "S: * OK ready\nC: A1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN\nS: A1 OK done\n",
      "143");
  EXPECT_EQ(Summary(seen), "fail tls_not_offered at starttls");
}

TEST_F(ImapAccessTest, AnExpiredCertificateStopsBeforeTheLogin) {
  const Observation seen = RunScript("C! starttls untrusted-expired\n");
  EXPECT_EQ(Summary(seen), "fail tls_cert_expired at tls");
  EXPECT_EQ(TouchedText(seen), kTouchedToTls);
  EXPECT_EQ(seen.evidence.facts.at("tls.verify"), "tls_cert_expired");
  EXPECT_EQ(seen.evidence.facts.at("tls.not_after"), "2026-11-01T12:00:00Z");
}

TEST_F(ImapAccessTest, AHangInTheHandshakeIsATlsTimeout) {
  const Observation seen = RunScript("C! starttls hang\n");
  EXPECT_EQ(Summary(seen), "fail tls_timeout at tls");
  EXPECT_EQ(TouchedText(seen), kTouchedToTls);
}

TEST_F(ImapAccessTest, AMailboxThatDoesNotOpenIsItsOwnFault) {
  const Observation seen =
      RunScript(Concat(kToLogin, "S: A2 OK [CAPABILITY IMAP4rev1] in\nC: A3 EXAMINE \"INBOX\"\n",
                       "S: A3 NO [SERVERBUG] Internal error occurred\n"));
  EXPECT_EQ(Summary(seen), "fail imap_server_error at select");
  EXPECT_EQ(TouchedText(seen),
            Concat(kTouchedToTls, " auth:alpha acct:probe@alpha.test mbox:probe@alpha.test"));
}

TEST_F(ImapAccessTest, TheLogoutDoesNotMatter) {
  const std::string script = Concat(kToLogin, kFromLogin);
  EXPECT_EQ(Summary(RunScript(Concat(script.substr(0, script.find("S: * BYE")), "S! reset\n"))),
            "pass");
}

}  // namespace
}  // namespace postwatch::agent
