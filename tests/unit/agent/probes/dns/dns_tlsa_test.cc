#include <gmock/gmock.h>

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

constexpr std::string_view kWithTls =
    "S: 220 mx\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
    "C! starttls untrusted-self-signed\nC: QUIT\nS: 221 bye\n";
constexpr std::string_view kWithoutTls =
    "S: 220 mx\nC: EHLO agent.example.net\nS: 250 mx\nC: QUIT\nS: 221 bye\n";

DnsReply Secure(DnsReply reply) {
  reply.message.ad = true;
  return reply;
}

// As ScriptedStream serves it.
TlsaRecord Served(const std::string& host) { return {3, 1, 0, Concat("key of ", host)}; }
TlsaRecord Other() { return {3, 1, 1, std::string(32, 'x')}; }

DnsReply TlsaReply(std::vector<TlsaRecord> records) {
  std::vector<ResourceRecord> answers;
  for (TlsaRecord& record : records) {
    answers.push_back(MakeRecord(RrType::kTlsa, std::move(record)));
  }
  return RecordsReply(std::move(answers));
}

class DnsTlsaTest : public ProbeFixture {
 protected:
  DnsTlsaTest() {
    resolver_.Otherwise(NoDataReply());
    Mx(Secure(MxReply({{10, "mx1.alpha.test"}})));
    Address("mx1.alpha.test", Secure(AddressReply({"192.0.2.1"})));
  }
  void Mx(DnsReply reply) {
    resolver_.Forget("alpha.test", RrType::kMx);
    resolver_.On("alpha.test", RrType::kMx, std::move(reply));
  }
  void Address(const std::string& host, DnsReply reply) {
    resolver_.Forget(host, RrType::kA);
    resolver_.On(host, RrType::kA, std::move(reply));
  }
  void Tlsa(DnsReply reply, const std::string& host = "mx1.alpha.test") {
    resolver_.Forget("_25._tcp." + host, RrType::kTlsa);
    resolver_.On("_25._tcp." + host, RrType::kTlsa, std::move(reply));
  }
  void TwoHosts() {
    Mx(Secure(MxReply({{10, "mx1.alpha.test"}, {20, "mx2.alpha.test"}})));
    Address("mx2.alpha.test", Secure(AddressReply({"192.0.2.2"})));
  }
  Observation RunTlsa() { return Run(Spec("dns.tlsa", Keys({}))); }
};

TEST_F(DnsTlsaTest, AMatchPassesWhateverElseTheCertificateIs) {
  Tlsa(Secure(TlsaReply({Other(), Served("mx1.alpha.test")})));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  const Observation seen = RunTlsa();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(StepsText(seen), "dns dns connect banner ehlo starttls tls");
  EXPECT_EQ(seen.evidence.facts.at("dane"), "1 of 1 hosts match");
  EXPECT_THAT(seen.evidence.facts.at("tlsa.mx1.alpha.test"), HasSubstr("3 1 1 7878"));
  EXPECT_EQ(seen.evidence.facts.at("tls.verify"), "tls_self_signed");
}

TEST_F(DnsTlsaTest, AMismatchFails) {
  Tlsa(Secure(TlsaReply({Other()})));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  const Observation seen = RunTlsa();
  EXPECT_EQ(Summary(seen), "fail tls_dane_mismatch at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("3 1 1 7878"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("the served key is 3 1 1 "));
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test mx:mx1.alpha.test svc:alpha/smtp "
            "provider:alpha site:192.0.2.1 cert:mx1.alpha.test");
}

TEST_F(DnsTlsaTest, ADomainWithoutRecordsPasses) {
  for (DnsReply reply : {NoDataReply(), RcodeReply(Rcode::kNxDomain)}) {
    Tlsa(Secure(reply));
    const Observation seen = RunTlsa();
    EXPECT_EQ(Summary(seen), "pass");
    EXPECT_EQ(seen.evidence.facts.at("dane"), "none");
  }
  for (DnsReply reply : {MxReply({{0, "."}}), NoDataReply()}) {
    Mx(reply);
    EXPECT_EQ(Summary(RunTlsa()), "pass");
  }
  Mx(RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(RunTlsa()), "fail dns_servfail at dns");
  Mx(RcodeReply(Rcode::kNxDomain));
  EXPECT_EQ(Summary(RunTlsa()), "fail dns_nxdomain at dns");
}

TEST_F(DnsTlsaTest, ABrokenLookupDefersMailWhereNamesAreSigned) {
  Tlsa(RcodeReply(Rcode::kServFail));
  const Observation seen = RunTlsa();
  EXPECT_EQ(Summary(seen), "fail dane_lookup_servfail at dns");
  EXPECT_THAT(seen.failure->detail, HasSubstr("TLSA _25._tcp.mx1.alpha.test"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("(dns_servfail)"));
  Tlsa(TimeoutReply());
  EXPECT_EQ(Summary(RunTlsa()), "fail dns_timeout at dns");
  // Elsewhere nobody asks.
  Address("mx1.alpha.test", AddressReply({"192.0.2.1"}));
  EXPECT_EQ(Summary(RunTlsa()), "pass");
  Mx(MxReply({{10, "mx1.alpha.test"}}));
  Tlsa(RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(RunTlsa()), "pass");
}

TEST_F(DnsTlsaTest, RecordsThatAreNotSecureAreInVain) {
  resolver_.On("test", RrType::kSoa, Secure(SoaReply(1)));
  Tlsa(TlsaReply({Other()}));
  const Observation record = RunTlsa();
  EXPECT_EQ(Summary(record), "pass");
  ASSERT_EQ(FindingsText(record), "dane_insecure");
  EXPECT_THAT(record.findings[0].detail, HasSubstr("answer for _25._tcp.mx1.alpha.test is not"));
  Tlsa(Secure(TlsaReply({Other()})));
  Address("mx1.alpha.test", AddressReply({"192.0.2.1"}));
  const Observation address = RunTlsa();
  ASSERT_EQ(FindingsText(address), "dane_insecure");
  EXPECT_THAT(address.findings[0].detail, HasSubstr("the address of mx1.alpha.test"));
  Mx(MxReply({{10, "mx1.alpha.test"}}));
  const Observation mx = RunTlsa();
  ASSERT_EQ(FindingsText(mx), "dane_insecure");
  EXPECT_THAT(mx.findings[0].detail, HasSubstr("the MX of alpha.test"));
}

TEST_F(DnsTlsaTest, AResolverThatDoesNotValidateSaysNothing) {
  Mx(MxReply({{10, "mx1.alpha.test"}}));
  Tlsa(TlsaReply({Other()}));
  EXPECT_EQ(Summary(RunTlsa()),
            "not_tested: the resolver 192.0.2.53:53 does not validate DNSSEC: nobody can tell "
            "whether the TLSA records of mx1.alpha.test count");
  resolver_.On(".", RrType::kSoa, Secure(SoaReply(1)));
  EXPECT_EQ(FindingsText(RunTlsa()), "dane_insecure");
}

TEST_F(DnsTlsaTest, RecordsOfOtherUsagesAreUnusable) {
  Tlsa(Secure(TlsaReply({{1, 1, 1, std::string(32, 'x')}})));
  const Observation seen = RunTlsa();
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dane_unusable");
  EXPECT_THAT(seen.findings[0].detail, HasSubstr("1 1 1 7878"));
}

TEST_F(DnsTlsaTest, WhatIsNotServedYetIsTheNextKeys) {
  Tlsa(Secure(TlsaReply({Served("mx1.alpha.test"), {1, 1, 1, std::string(32, 'y')}})));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  const Observation alone = RunTlsa();
  EXPECT_EQ(Summary(alone), "pass");
  EXPECT_EQ(FindingsText(alone), "");
  EXPECT_THAT(alone.evidence.facts.at("tlsa.mx1.alpha.test.served"), HasSubstr("3 1 0 6b6579"));
  EXPECT_EQ(alone.evidence.facts.at("tlsa.mx1.alpha.test.next"),
            "none: a new key needs a record of its own first");
  EXPECT_EQ(alone.evidence.facts.at("tlsa.mx1.alpha.test.unusable"), "1");
  Tlsa(Secure(TlsaReply({Served("mx1.alpha.test"), Other()})));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  EXPECT_THAT(RunTlsa().evidence.facts.at("tlsa.mx1.alpha.test.next"), HasSubstr("3 1 1 7878"));
}

class DnsTlsaAliasTest : public DnsTlsaTest {
 protected:
  DnsTlsaAliasTest() { Alias(true); }
  // mx1.alpha.test is an alias of mail.beta.test.
  void Alias(bool secure) {
    DnsReply reply =
        RecordsReply({MakeRecord(RrType::kCname, NameRecord{"mail.beta.test"}, "mx1.alpha.test"),
                      MakeRecord(RrType::kA, AddressRecord{"192.0.2.1"}, "mail.beta.test")});
    reply.message.ad = secure;
    Address("mx1.alpha.test", std::move(reply));
  }
};

TEST_F(DnsTlsaAliasTest, TheRecordsOfWhatAHostIsAnAliasOfComeFirst) {
  Tlsa(Secure(TlsaReply({Other()})));
  Tlsa(Secure(TlsaReply({Served("mail.beta.test")})), "mail.beta.test");
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  const Observation seen = RunTlsa();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.evidence.facts.at("dane"), "1 of 1 hosts match");
  Tlsa(RcodeReply(Rcode::kServFail), "mail.beta.test");
  const Observation broken = RunTlsa();
  EXPECT_EQ(Summary(broken), "fail dane_lookup_servfail at dns");
  EXPECT_THAT(broken.failure->detail, HasSubstr("TLSA _25._tcp.mail.beta.test"));
}

TEST_F(DnsTlsaAliasTest, WithoutThemThoseOfTheAliasCount) {
  Tlsa(Secure(TlsaReply({Served("mx1.alpha.test")})));
  for (const DnsReply& reply :
       {NoDataReply(), TlsaReply({Other()})}) {  // none; some that are not secure
    Tlsa(reply, "mail.beta.test");
    scripted_.AddFor("192.0.2.1:25", kWithTls);
    EXPECT_EQ(Summary(RunTlsa()), "pass");
  }
}

TEST_F(DnsTlsaAliasTest, ASecureAliasOfAnInsecureHostHasItsOwnRecords) {
  Alias(false);
  Tlsa(Secure(TlsaReply({Served("mx1.alpha.test")})));
  Tlsa(Secure(TlsaReply({Other()})), "mail.beta.test");
  resolver_.On("mx1.alpha.test", RrType::kCname, Secure(NoDataReply()));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  EXPECT_EQ(Summary(RunTlsa()), "pass");
  resolver_.Forget("mx1.alpha.test", RrType::kCname);
  resolver_.On("test", RrType::kSoa, Secure(SoaReply(1)));
  EXPECT_EQ(FindingsText(RunTlsa()), "dane_insecure");
}

TEST_F(DnsTlsaTest, NoTlsIsNoDelivery) {
  Tlsa(Secure(TlsaReply({Other()})));
  scripted_.AddFor("192.0.2.1:25", kWithoutTls);
  EXPECT_EQ(Summary(RunTlsa()), "fail tls_not_offered at starttls");
}

TEST_F(DnsTlsaTest, AHostThatDoesNotAnswerIsNotJudged) {
  Tlsa(Secure(TlsaReply({Other()})));
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  const Observation alone = RunTlsa();
  EXPECT_EQ(alone.outcome, Outcome::kNotTested);
  EXPECT_THAT(alone.not_tested_reason, HasSubstr("mx1.alpha.test: 192.0.2.1: tcp_timeout"));
  scripted_.AddFor("192.0.2.1:25", "S! hang\n");
  EXPECT_THAT(RunTlsa().not_tested_reason, HasSubstr("192.0.2.1: read_timeout"));
  TwoHosts();
  Tlsa(Secure(TlsaReply({Served("mx2.alpha.test")})), "mx2.alpha.test");
  scripted_.AddFailureFor("192.0.2.1:25", NetError::kTimeout);
  scripted_.AddFor("192.0.2.2:25", kWithTls);
  const Observation both = RunTlsa();
  EXPECT_EQ(Summary(both), "pass");
  EXPECT_EQ(both.evidence.facts.at("dane"), "1 of 2 hosts match");
}

TEST_F(DnsTlsaTest, OneBadHostOfTwoIsTheOneBlamed) {
  TwoHosts();
  Tlsa(Secure(TlsaReply({Served("mx1.alpha.test")})));
  Tlsa(Secure(TlsaReply({Other()})), "mx2.alpha.test");
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  scripted_.AddFor("192.0.2.2:25", kWithTls);
  const Observation seen = RunTlsa();
  EXPECT_EQ(Summary(seen), "fail tls_dane_mismatch at tls");
  EXPECT_THAT(TouchedText(seen), HasSubstr("mx:mx2.alpha.test"));
  EXPECT_THAT(TouchedText(seen), testing::Not(HasSubstr("mx1.alpha.test")));
}

TEST_F(DnsTlsaTest, EveryAddressOfAHostIsHeldToTheRecords) {
  Address("mx1.alpha.test", Secure(AddressReply({"192.0.2.1", "192.0.2.9"})));
  Tlsa(Secure(TlsaReply({Served("mx1.alpha.test")})));
  scripted_.AddFor("192.0.2.1:25", kWithTls);
  scripted_.AddFor("192.0.2.9:25", kWithTls);
  EXPECT_EQ(Summary(RunTlsa()), "pass");
  EXPECT_EQ(scripted_.dialed().size(), 2U);
}

}  // namespace
}  // namespace postwatch::agent
