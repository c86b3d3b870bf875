#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

constexpr char kWithTls[] = R"(
S: 220 mx ESMTP
C: EHLO agent.example.net
S: 250-mx
S: 250 STARTTLS
C: STARTTLS
S: 220 go
C! starttls
C: EHLO agent.example.net
S: 250 mx
C: QUIT
S: 221 bye
)";

constexpr char kWithoutTls[] = R"(
S: 220 mx ESMTP
C: EHLO agent.example.net
S: 250 mx
C: QUIT
S: 221 bye
)";

std::string TlsScript(const std::string& how) {
  return Concat(
      "S: 220 mx\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n",
      "C! starttls ", how, "\nC: EHLO agent.example.net\nS: 250 mx\nC: QUIT\nS: 221 bye\n");
}

class SmtpMxTest : public ProbeFixture {
 protected:
  void OneHost() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  }
  void TwoHosts() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx,
                 MxReply({{10, "mx1.alpha.test"}, {20, "mx2.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
  }
  Observation RunMx(std::initializer_list<std::pair<std::string, Settings>> settings = {}) {
    return Run(Spec("smtp.mx", Keys(settings)));
  }
  Observation RunOne(std::string_view script) {
    OneHost();
    scripted_.AddFor("192.0.2.1:25", script);
    return RunMx();
  }
};

TEST_F(SmtpMxTest, PassesAndTouchesWhatItCrossed) {
  const Observation seen = RunOne(kWithTls);
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "dns dns connect banner ehlo starttls tls ehlo2 quit");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test mx:mx1.alpha.test svc:alpha/smtp "
            "provider:alpha site:192.0.2.1 cert:mx1.alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("ip"), "192.0.2.1");
  EXPECT_EQ(seen.evidence.facts.at("tls.version"), "TLSv1.3");
  EXPECT_EQ(seen.evidence.facts.at("tls.verify"), "ok");
  EXPECT_EQ(seen.evidence.facts.at("mx.ok"), "1/1");
}

TEST_F(SmtpMxTest, ARefusedConnectionTouchesNoCertificate) {
  OneHost();
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kRefused);
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "fail tcp_refused at connect");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test mx:mx1.alpha.test svc:alpha/smtp "
            "provider:alpha site:192.0.2.1");
}

TEST_F(SmtpMxTest, DnsFailuresComeFromTheDns) {
  resolver_.Otherwise(RcodeReply(Rcode::kServFail));
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "fail dns_servfail at dns");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
}

TEST_F(SmtpMxTest, TheServersWordsAreClassified) {
  const Observation seen = RunOne("S: 554 5.7.1 blocked using bl.example\n");
  EXPECT_EQ(Summary(seen), "fail smtp_blocklisted_perm at banner");
  ASSERT_TRUE(seen.failure->reply.has_value());
  EXPECT_EQ(seen.failure->reply->code, 554);
  EXPECT_EQ(seen.failure->reply->enhanced, "5.7.1");
  EXPECT_NE(seen.failure->reply->rule, "");
}

TEST_F(SmtpMxTest, SilenceAfterTheConnectionIsAReadTimeout) {
  // The operation's own limit of 30 s is the run's too; either way the step is the banner.
  EXPECT_EQ(Summary(RunOne("S! silence\n")), "fail read_timeout at banner");
}

TEST_F(SmtpMxTest, AHangIsBlamedOnItsStepByTheDeadline) {
  const Observation seen = RunOne(
      "S: 220 mx\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 250-x\nS! "
      "hang\n");
  EXPECT_EQ(Summary(seen), "fail read_timeout at starttls");
  EXPECT_EQ(StepsText(seen), "dns dns connect banner ehlo starttls");
}

TEST_F(SmtpMxTest, ABadCertificateIsAFindingUnlessTlsIsRequired) {
  const std::pair<const char*, const char*> cases[] = {{"untrusted-expired", "tls_cert_expired"},
                                                       {"untrusted-self-signed", "tls_self_signed"},
                                                       {"untrusted-name", "tls_name_mismatch"}};
  OneHost();
  for (const auto& [how, klass] : cases) {
    scripted_.AddFor("192.0.2.1:25", TlsScript(how));
    const Observation seen = RunMx();
    EXPECT_EQ(Summary(seen), "pass");
    EXPECT_EQ(FindingsText(seen), klass);
    EXPECT_EQ(seen.findings[0].step, "tls");
    scripted_.AddFor("192.0.2.1:25", TlsScript(how));
    EXPECT_EQ(Summary(RunMx({{"require_tls", Text("true")}})), Concat("fail ", klass, " at tls"));
  }
}

TEST_F(SmtpMxTest, ABrokenHandshakeStopsMail) {
  EXPECT_EQ(Summary(RunOne(TlsScript("handshake"))), "fail tls_handshake_failed at tls");
}

TEST_F(SmtpMxTest, NoStarttlsAfterAGoodEhloIsAFinding) {
  EXPECT_EQ(FindingsText(RunOne(kWithoutTls)), "tls_not_offered");
  scripted_.AddFor("192.0.2.1:25", "S: 220 mx\nC: EHLO agent.example.net\nS: 250 mx\n");
  EXPECT_EQ(Summary(RunMx({{"require_tls", Text("true")}})), "fail tls_not_offered at starttls");
}

TEST_F(SmtpMxTest, ARefusedEhloSaysNothingAboutStarttls) {
  const Observation seen =
      RunOne("S: 220 mx\nC: EHLO agent.example.net\nS: 421 4.7.0 too many connections\n");
  EXPECT_EQ(Summary(seen), "fail smtp_throttled_temp at ehlo");
  EXPECT_EQ(FindingsText(seen), "");
}

TEST_F(SmtpMxTest, ASlowBannerIsATarpit) {
  const Observation seen = RunOne(Concat("S! delay 11s\n", kWithTls));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "smtp_tarpitted");
}

TEST_F(SmtpMxTest, OneOfTwoHostsDownIsAFindingAndNotJudged) {
  TwoHosts();
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  scripted_.AddFor("192.0.2.2:25", kWithTls);
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tcp_timeout");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test mx:mx2.alpha.test svc:alpha/smtp "
            "provider:alpha site:192.0.2.2 cert:mx2.alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("mx.ok"), "1/2");
}

TEST_F(SmtpMxTest, BothHostsDownIsAFailureOfAll) {
  TwoHosts();
  scripted_.AddFor("192.0.2.1:25", "S: 421 4.3.2 not now\n");
  scripted_.AddFailureFor("192.0.2.2:25", NetError::kRefused);
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "fail smtp_banner_refused_temp at banner");
  EXPECT_EQ(FindingsText(seen), "tcp_refused");
  EXPECT_EQ(seen.findings[0].step, "connect");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test mx:mx1.alpha.test svc:alpha/smtp "
            "provider:alpha site:192.0.2.1 mx:mx2.alpha.test site:192.0.2.2");
}

TEST_F(SmtpMxTest, Ipv6CanOnlyBeAFinding) {
  OneHost();
  resolver_.On("mx1.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  scripted_.AddFailureFor("[2001:db8::1]:25", NetError::kRefused);
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tcp_refused");
  EXPECT_EQ(seen.evidence.facts.at("ipv6"), "tcp_refused");
  EXPECT_EQ(TouchedText(seen).find("2001"), std::string::npos);
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  scripted_.AddFailureFor("[2001:db8::1]:25", NetError::kUnreachable);
  EXPECT_EQ(FindingsText(RunMx()), "");
}

TEST_F(SmtpMxTest, EachAddressHasAnOutcomeOfItsOwn) {
  TwoHosts();
  resolver_.On("mx2.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::2"}));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  scripted_.AddFor("192.0.2.2:25", "S: 421 4.7.0 too many connections from you\n");
  scripted_.AddFailureFor("[2001:db8::2]:25", NetError::kUnreachable);
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "smtp_throttled_temp");
  EXPECT_EQ(seen.evidence.facts.at("mx.mx1.alpha.test.192.0.2.1"), "ok");
  EXPECT_EQ(seen.evidence.facts.at("mx.mx2.alpha.test.192.0.2.2"), "smtp_throttled_temp");
  EXPECT_EQ(seen.evidence.facts.at("mx.mx2.alpha.test.2001:db8::2"), "not_tested");
  EXPECT_EQ(seen.evidence.facts.at("ipv6"), "not_tested");
  EXPECT_EQ(seen.evidence.facts.at("tls.mx1.alpha.test.192.0.2.1").substr(0, 7), "TLSv1.3");
}

TEST_F(SmtpMxTest, UnreachableIpv6CountsWhereThisMachineHasIpv6) {
  TwoHosts();
  resolver_.On("mx1.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  resolver_.On("mx2.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::2"}));
  for (const char* at : {"192.0.2.1:25", "192.0.2.2:25", "[2001:db8::2]:25"}) {
    scripted_.AddFor(at, kWithTls);
  }
  scripted_.AddFailureFor("[2001:db8::1]:25", NetError::kUnreachable);
  const Observation seen = RunMx();
  EXPECT_EQ(FindingsText(seen), "net_unreachable");
  EXPECT_EQ(seen.findings[0].step, "connect");
  EXPECT_EQ(seen.evidence.facts.at("mx.mx1.alpha.test.2001:db8::1"), "net_unreachable");
}

TEST_F(SmtpMxTest, NoIpv4AtAllIsAnOutageThoughIpv6Works) {
  OneHost();
  resolver_.On("mx1.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  scripted_.AddFor("[2001:db8::1]:25", kWithTls);
  EXPECT_EQ(Summary(RunMx()), "fail tcp_timeout at connect");
}

TEST_F(SmtpMxTest, OnlyIpv6WithoutIpv6HereIsNotTested) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
  resolver_.On("mx1.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  scripted_.AddFailureFor("[2001:db8::1]:25", NetError::kUnreachable);
  EXPECT_EQ(Summary(RunMx()),
            "not_tested: the mail servers have IPv6 addresses only, and this agent has no way to "
            "the IPv6 Internet");
}

TEST_F(SmtpMxTest, TheWholeBestPreferenceDownIsSaid) {
  TwoHosts();
  resolver_.Forget("mx1.alpha.test", RrType::kA);
  resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1", "192.0.2.3"}));
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kRefused);
  scripted_.AddFailureFor("192.0.2.3:25", NetError::kTimeout);
  scripted_.AddFor("192.0.2.2:25", kWithTls);
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tcp_refused tcp_timeout tcp_refused");
  EXPECT_EQ(seen.findings[2].detail,
            "no server of the best preference (10) works; mail goes to those of a worse one");
  EXPECT_EQ(seen.evidence.facts.at("mx.best"), "down");
}

TEST_F(SmtpMxTest, AHangingAddressLeavesTheOthersTheirTime) {
  TwoHosts();
  scripted_.AddFor("192.0.2.1:25", "S: 220 mx\nC: EHLO agent.example.net\nS! hang\n");
  scripted_.AddFor("192.0.2.2:25", kWithTls);
  const Observation seen = RunMx();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "read_timeout");
  EXPECT_EQ(seen.findings[0].step, "ehlo");
  EXPECT_EQ(seen.took, absl::Seconds(19));
}

TEST_F(SmtpMxTest, ADeadAddressIsDialedOnceInARun) {
  TwoHosts();
  resolver_.Forget("mx2.alpha.test", RrType::kA);
  resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.1", "192.0.2.2"}));
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  scripted_.AddFor("192.0.2.2:25", kWithTls);
  const Observation seen = RunMx();
  EXPECT_EQ(FindingsText(seen), "tcp_timeout tcp_timeout");
  EXPECT_EQ(scripted_.dialed(), (std::vector<std::string>{"192.0.2.1:25", "192.0.2.2:25"}));
}

TEST_F(SmtpMxTest, AtMostSixteenAddressesOfWhichEachHostHasItsShare) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("alpha.test", RrType::kMx,
               MxReply({{10, "mx1.alpha.test"}, {10, "mx2.alpha.test"}, {10, "mx3.alpha.test"}}));
  for (int host = 1; host <= 3; ++host) {
    std::vector<std::string> ips;
    for (int i = 1; i <= 8; ++i) {
      ips.push_back(Concat("192.0.2.", 10 * host + i));
      scripted_.AddFor(Concat(ips.back(), ":25"), kWithoutTls);
    }
    resolver_.On(Concat("mx", host, ".alpha.test"), RrType::kA, AddressReply(ips));
  }
  const Observation seen = RunMx();
  EXPECT_EQ(scripted_.dialed().size(), 16u);
  EXPECT_EQ(scripted_.dialed().back(), "192.0.2.35:25");
  // Once a host, not once an address.
  EXPECT_EQ(FindingsText(seen), "tls_not_offered tls_not_offered tls_not_offered");
}

TEST_F(SmtpMxTest, AVersionBelowTheFloorIsAFinding) {
  OneHost();
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  EXPECT_EQ(FindingsText(RunMx({{"tls_floor", Text("1.3")}})), "");
  const CheckSpec spec = Spec("smtp.mx", Keys({{"tls_floor", Text("1.0")}}));
  EXPECT_NE(Refusal(spec).find("tls_floor"), std::string::npos);
}

constexpr char kEnvelope[] = R"(
S: 220 mx
C: EHLO agent.example.net
S: 250 mx
C: MAIL FROM:<>
S: 250 ok
C: RCPT TO:<probe@alpha.test>
)";

TEST_F(SmtpMxTest, AKnownMailboxMustBeTakenAndGetsNoLetter) {
  OneHost();
  scripted_.AddFor("192.0.2.1:25",
                   Concat(kEnvelope, "S: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT\n", "S: 221 bye\n"));
  const Observation seen = RunMx({{"rcpt", Text("probe@alpha.test")}});
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "dns dns connect banner ehlo mail rcpt reset quit");
  EXPECT_EQ(seen.evidence.facts.at("rcpt"), "ok");
}

TEST_F(SmtpMxTest, GreylistingIsNoOutage) {
  OneHost();
  scripted_.AddFor("192.0.2.1:25",
                   Concat(kEnvelope, "S: 450 4.2.0 Greylisted, see http://postgrey.example/help\n",
                          "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye\n"));
  const Observation seen = RunMx({{"rcpt", Text("probe@alpha.test")}});
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tls_not_offered smtp_greylisted");
}

TEST_F(SmtpMxTest, OnlyMailboxesOfTheDomainAreAskedFor) {
  const CheckSpec spec = Spec("smtp.mx", Keys({{"rcpt", Text("someone@beta.test")}}));
  EXPECT_NE(Refusal(spec).find("'someone@beta.test' is not an address at alpha.test"),
            std::string::npos);
}

TEST_F(SmtpMxTest, RoleAddressesMustBeTaken) {
  OneHost();
  scripted_.AddFor("192.0.2.1:25", R"(
S: 220 mx
C: EHLO agent.example.net
S: 250 mx
C: MAIL FROM:<>
S: 250 ok
C: RCPT TO:<postmaster@alpha.test>
S: 550 5.1.1 User unknown
C: RSET
S: 250 ok
C: MAIL FROM:<>
S: 250 ok
C: RCPT TO:<abuse@alpha.test>
S: 554 5.7.1 blocked using bl.example
C: RSET
S: 250 ok
C: QUIT
S: 221 bye
)");
  const Observation seen = RunMx({{"roles", Text("true")}});
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tls_not_offered smtp_role_rejected");
  EXPECT_EQ(seen.evidence.facts.at("role.postmaster"), "smtp_mailbox_unknown_perm");
  EXPECT_EQ(seen.evidence.facts.at("role.abuse"), "smtp_blocklisted_perm");
}

TEST_F(SmtpMxTest, BytesBehindTheStarttlsReplyAreAnInjection) {
  EXPECT_EQ(Summary(RunOne("S: 220 mx\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: "
                           "STARTTLS\nS! raw 220 go\\r\\n250 evil\\r\\n\nC! starttls\n")),
            "fail tls_plaintext_injection at tls");
}

TEST_F(SmtpMxTest, PrivateAddressesAreNotConnectedTo) {
  OneHost();
  resolver_.Forget("mx1.alpha.test", RrType::kA);
  resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"10.0.0.1"}));
  EXPECT_EQ(Summary(RunMx()), "fail dns_mx_private at dns");
  EXPECT_TRUE(scripted_.dialed().empty());
  scripted_.AddFor("10.0.0.1:25", kWithTls);
  EXPECT_EQ(Summary(RunMx({{"private", Text("allow")}})), "pass");
}

TEST_F(SmtpMxTest, AConfiguredHostNeedsNoMxRecord) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("backup.alpha.test", RrType::kA, AddressReply({"192.0.2.8"}));
  scripted_.AddFor("192.0.2.8:25", kWithTls);
  EXPECT_EQ(Summary(RunMx({{"host", Text("backup.alpha.test")}})), "pass");
}

}  // namespace
}  // namespace postwatch::agent
