#include <gmock/gmock.h>

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Mx(std::string_view how = "") {
  return Concat(
      "S: 220 mx\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n",
      "C! starttls ", how, "\nC: QUIT\nS: 221 bye\n");
}

std::string Direct(std::string_view how = "") { return Concat("C! starttls ", how, "\n"); }

DnsReply Srv(uint16_t port, const std::string& target) {
  return RecordsReply({MakeRecord(RrType::kSrv, SrvRecord{0, 1, port, target})});
}

class TlsCertTest : public ProbeFixture {
 protected:
  TlsCertTest() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
  }
  void OnlyImap() {
    resolver_.Forget("alpha.test", RrType::kMx);
    resolver_.On("alpha.test", RrType::kMx, MxReply({{0, "."}}));
    resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, Srv(993, "mail.alpha.test"));
  }
  Observation RunCert(std::initializer_list<std::pair<std::string, Settings>> settings = {}) {
    return Run(Spec("tls.cert", Keys(settings)));
  }
  Observation RunImap(std::string_view script) {
    OnlyImap();
    scripted_.AddFor("192.0.2.2:993", script);
    return RunCert();
  }
};

TEST_F(TlsCertTest, LooksAtEveryEndpoint) {
  resolver_.On("_submissions._tcp.alpha.test", RrType::kSrv, Srv(465, "mail.alpha.test"));
  resolver_.On("_submission._tcp.alpha.test", RrType::kSrv, Srv(587, "mail.alpha.test"));
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, Srv(993, "Mail.Alpha.test."));
  resolver_.On("_imap._tcp.alpha.test", RrType::kSrv, Srv(143, "mail.alpha.test"));
  resolver_.On("_pop3s._tcp.alpha.test", RrType::kSrv, Srv(0, "."));
  resolver_.On("_pop3._tcp.alpha.test", RrType::kSrv, Srv(110, "mail.alpha.test"));
  scripted_.AddFor("192.0.2.1:25", Mx());
  scripted_.AddFor("192.0.2.2:465", Direct());
  scripted_.AddFor("192.0.2.2:587", Mx());
  scripted_.AddFor("192.0.2.2:993", Direct());
  scripted_.AddFor("192.0.2.2:143",
                   "S: * OK hello\nC: A1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 STARTTLS\n"
                   "S: A1 OK done\nC: A2 STARTTLS\nS: A2 OK go\nC! starttls\n");
  scripted_.AddFor("192.0.2.2:110", "S: +OK hello\nC: STLS\nS: +OK go\nC! starttls\n");
  const Observation seen = RunCert();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(scripted_.dialed().size(), 6U);
  EXPECT_EQ(seen.evidence.facts.at("days_left.mail.alpha.test:993"), "60");
  EXPECT_THAT(seen.evidence.facts.at("cert.mx1.alpha.test:25"),
              HasSubstr("ok; TLSv1.3; CN=mx1.alpha.test by CN=Scripted CA, for mx1.alpha.test, 256 "
                        "bits, until "));
  EXPECT_THAT(seen.evidence.facts.at("cert.mail.alpha.test:110"), HasSubstr("66% left"));
  EXPECT_EQ(seen.evidence.facts.count("cert.unseen"), 0U);
}

TEST_F(TlsCertTest, WhatClientsRefuseFails) {
  const std::pair<const char*, const char*> cases[] = {
      {"untrusted-expired", "fail tls_cert_expired at tls"},
      {"untrusted-not-yet-valid", "fail tls_cert_not_yet_valid at tls"},
      {"untrusted-self-signed", "fail tls_self_signed at tls"},
      {"untrusted-root", "fail tls_untrusted_root at tls"},
      {"untrusted-chain", "fail tls_missing_intermediate at tls"},
      {"untrusted-revoked", "fail tls_revoked at tls"},
      {"untrusted-name", "fail tls_name_mismatch at tls"}};
  for (const auto& [how, expected] : cases) EXPECT_EQ(Summary(RunImap(Direct(how))), expected);
}

TEST_F(TlsCertTest, AFailureSaysWhichCertificateAndKeepsTheFacts) {
  const Observation seen = RunImap(Direct("untrusted-expired"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("mail.alpha.test:993"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("at depth 0 (the server's own)"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("that is CN=mail.alpha.test, valid until "));
  EXPECT_THAT(seen.evidence.facts.at("cert.mail.alpha.test:993"), HasSubstr("tls_cert_expired;"));
  EXPECT_EQ(seen.evidence.facts.at("days_left.mail.alpha.test:993"), "-1");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/imap provider:alpha site:192.0.2.2 "
            "cert:mail.alpha.test");
}

TEST_F(TlsCertTest, OnPort25TheSameIsAFinding) {
  for (const auto& [how, klass] : {std::pair("untrusted-expired", "tls_cert_expired"),
                                   std::pair("untrusted-name", "tls_name_mismatch"),
                                   std::pair("untrusted-self-signed", "tls_self_signed")}) {
    scripted_.AddFor("192.0.2.1:25", Mx(how));
    const Observation seen = RunCert();
    EXPECT_EQ(Summary(seen), "pass");
    EXPECT_EQ(FindingsText(seen), klass);
  }
}

TEST_F(TlsCertTest, ACertificateNearItsEndIsAFinding) {
  const Observation near = RunImap(Direct("lasts 10d"));
  EXPECT_EQ(Summary(near), "pass");
  ASSERT_EQ(FindingsText(near), "tls_cert_expiring");
  EXPECT_THAT(near.findings[0].detail,
              HasSubstr("mail.alpha.test:993 ends in 10 days, with 25% of its lifetime left"));
  EXPECT_EQ(FindingsText(RunImap(Direct("lasts 40d"))), "");
}

TEST_F(TlsCertTest, AStapleThatIsDemandedAndLacksIsAFinding) {
  const Observation lacking = RunImap(Direct("must-staple"));
  EXPECT_EQ(Summary(lacking), "pass");
  ASSERT_EQ(FindingsText(lacking), "tls_handshake_failed");
  EXPECT_THAT(lacking.findings[0].detail,
              HasSubstr("mail.alpha.test:993: the certificate CN=mail.alpha.test demands an OCSP"));
  EXPECT_EQ(FindingsText(RunImap(Direct("stapled"))), "");
}

TEST_F(TlsCertTest, ABrokenHandshakeIsTriedOnceMoreWithAnything) {
  OnlyImap();
  scripted_.AddFor("192.0.2.2:993", Direct("version"));
  scripted_.AddFor("192.0.2.2:993", Direct("diagnostic TLSv1"));
  const Observation old = RunCert();
  EXPECT_EQ(Summary(old), "fail tls_version at tls");
  EXPECT_THAT(old.failure->detail, HasSubstr("no newer version than TLSv1,"));
  EXPECT_THAT(old.evidence.facts.at("cert.mail.alpha.test:993"), HasSubstr("; TLSv1; "));
  scripted_.AddFor("192.0.2.2:993", Direct("handshake"));
  scripted_.AddFor("192.0.2.2:993", Direct("diagnostic"));
  EXPECT_EQ(Summary(RunCert()), "fail tls_cipher at tls");
}

TEST_F(TlsCertTest, AnEndpointThatDoesNotAnswerIsForOthersToTell) {
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  const Observation none = RunCert();
  EXPECT_EQ(none.outcome, Outcome::kNotTested);
  EXPECT_THAT(none.not_tested_reason, HasSubstr("mx1.alpha.test:25: tcp_timeout"));
  scripted_.AddFor("192.0.2.1:25",
                   "S: 220 mx\nC: EHLO agent.example.net\nS: 250 mx\nC: QUIT\n"
                   "S: 221 bye\n");
  EXPECT_THAT(RunCert().not_tested_reason, HasSubstr("offers no STARTTLS"));
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, Srv(993, "mail.alpha.test"));
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  scripted_.AddFor("192.0.2.2:993", Direct());
  const Observation one = RunCert();
  EXPECT_EQ(Summary(one), "pass");
  EXPECT_THAT(one.evidence.facts.at("cert.unseen"), HasSubstr("mx1.alpha.test:25"));
}

TEST_F(TlsCertTest, AServerThatHangsDoesNotUseUpTheRun) {
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, Srv(993, "mail.alpha.test"));
  scripted_.AddFor("192.0.2.1:25", "S! hang\n");
  scripted_.AddFor("192.0.2.2:993", Direct());
  const Observation seen = RunCert();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.evidence.facts.at("cert.unseen"),
            "mx1.alpha.test:25: read_timeout: nothing within 15s while banner");
  EXPECT_EQ(seen.evidence.facts.at("days_left.mail.alpha.test:993"), "60");
  scripted_.AddFor("192.0.2.1:25", "S! hang\n");
  scripted_.AddFor("192.0.2.2:993", "S! hang\n");
  const Observation none = RunCert();
  EXPECT_EQ(none.outcome, Outcome::kNotTested);
  EXPECT_THAT(none.not_tested_reason,
              HasSubstr("mail.alpha.test:993: tls_timeout: nothing within 7.5s while tls"));
}

TEST_F(TlsCertTest, OnlyTheBadEndpointIsBlamed) {
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, Srv(993, "mail.alpha.test"));
  scripted_.AddFor("192.0.2.1:25", Mx());
  scripted_.AddFor("192.0.2.2:993", Direct("untrusted-expired"));
  const Observation seen = RunCert();
  EXPECT_EQ(Summary(seen), "fail tls_cert_expired at tls");
  EXPECT_THAT(TouchedText(seen), Not(HasSubstr("mx1.alpha.test")));
  EXPECT_THAT(TouchedText(seen), HasSubstr("cert:mail.alpha.test"));
}

TEST_F(TlsCertTest, DomainsWithoutEndpoints) {
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, MxReply({{0, "."}}));
  EXPECT_THAT(RunCert().not_tested_reason, HasSubstr("no endpoint is known"));
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, RcodeReply(Rcode::kServFail));
  EXPECT_THAT(RunCert().not_tested_reason, HasSubstr("could not be found: dns_servfail"));
}

TEST_F(TlsCertTest, TheEndpointsOfTheSettingsReplaceTheSrvRecords) {
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, Srv(993, "mail.alpha.test"));
  scripted_.AddFor("192.0.2.2:465", Direct());
  const Observation seen = RunCert(
      {{"mx", Text("false")},
       {"endpoints",
        Settings::List({Keys({{"host", Text("mail.alpha.test")}, {"protocol", Text("smtp")}})})}});
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(scripted_.dialed(), std::vector<std::string>{"192.0.2.2:465"});
}

TEST_F(TlsCertTest, PrivateAddressesAreNotConnectedTo) {
  OnlyImap();
  resolver_.Forget("mail.alpha.test", RrType::kA);
  resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"10.0.0.1"}));
  EXPECT_THAT(RunCert().not_tested_reason, HasSubstr("private addresses only"));
  scripted_.AddFor("10.0.0.1:993", Direct());
  EXPECT_EQ(Summary(RunCert({{"private", Text("allow")}})), "pass");
}

}  // namespace
}  // namespace postwatch::agent
