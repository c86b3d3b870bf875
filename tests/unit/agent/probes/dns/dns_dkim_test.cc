#include "common/base/text.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class DnsDkimTest : public ProbeFixture {
 protected:
  DnsDkimTest() {
    resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
    resolver_.On("alpha.test", RrType::kSoa, SoaReply(1));
  }

  void Key(std::string_view selector, DnsReply reply) {
    const std::string name = Concat(selector, "._domainkey.alpha.test");
    resolver_.Forget(name, RrType::kTxt);
    resolver_.On(name, RrType::kTxt, std::move(reply));
  }
  Observation Declared(std::vector<std::string> selectors) {
    return Run(Spec("dns.dkim", Keys({{"selectors", Texts(std::move(selectors))}})));
  }
  Observation Usual() { return Run(Spec("dns.dkim", Keys({}))); }
  std::string Outcome(DnsReply reply) {
    Key("s1", std::move(reply));
    return Summary(Declared({"s1"}));
  }
};

TEST_F(DnsDkimTest, PassesWithKeysInPieces) {
  const std::string record = Concat("v=DKIM1; k=rsa; p=", kRsa2048);
  Key("s1", RecordsReply({MakeRecord(RrType::kTxt,
                                     TxtRecord{{record.substr(0, 255), record.substr(255)}})}));
  const Observation seen = Declared({"s1"});
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("dkim.s1"), record);
  EXPECT_EQ(seen.evidence.facts.at("dkim.s1.bits"), "2048");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
}

TEST_F(DnsDkimTest, EveryWayToFailHasItsOwnName) {
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kNxDomain)), "fail dkim_missing at dns");
  EXPECT_EQ(Outcome(NoDataReply()), "fail dkim_missing at dns");
  EXPECT_EQ(Outcome(TxtReply({"v=spf1 -all"})), "fail dkim_missing at dns");
  EXPECT_EQ(Outcome(TxtReply({"v=DKIM1; p="})), "fail dkim_revoked at dns");
  EXPECT_EQ(Outcome(TxtReply({"v=DKIM1; p=MIG!"})), "fail dkim_syntax at dns");
  EXPECT_EQ(Outcome(TxtReply({Concat("s=tlsrpt; p=", kRsa1024)})), "fail dkim_syntax at dns");
  EXPECT_EQ(Outcome(TxtReply({Concat("p=", kRsa1024), Concat("p=", kRsa2048)})),
            "fail dkim_syntax at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kServFail)), "fail dns_servfail at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kRefused)), "fail dns_refused at dns");
  EXPECT_EQ(Outcome(TimeoutReply()), "fail dns_timeout at dns");
}

TEST_F(DnsDkimTest, AWeakKeyIsAFinding) {
  Key("s1", TxtReply({Concat("p=", kRsa512)}));
  const Observation seen = Declared({"s1"});
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dkim_weak");
  EXPECT_EQ(seen.findings[0].detail,
            "s1._domainkey.alpha.test: an RSA key of 512 bits, under 1024");
}

TEST_F(DnsDkimTest, AllSelectorsAreLookedAtBeforeOneFails) {
  Key("s2", TxtReply({"v=DKIM1; p="}));
  Key("s3", TxtReply({Concat("p=", kRsa1024)}));
  const Observation seen = Declared({"s1", "s2", "s3"});
  EXPECT_EQ(Summary(seen), "fail dkim_missing at dns");
  EXPECT_EQ(seen.failure->detail,
            "the selector s1 has no key: TXT s1._domainkey.alpha.test at 192.0.2.53:53: NXDOMAIN");
  EXPECT_EQ(FindingsText(seen), "dkim_revoked");
  EXPECT_EQ(seen.evidence.facts.at("dkim.s3.bits"), "1024");
}

TEST_F(DnsDkimTest, WithoutSelectorsTheUsualOnesAreTried) {
  const Observation none = Usual();
  EXPECT_EQ(Summary(none), "pass");
  EXPECT_EQ(FindingsText(none), "");
  EXPECT_EQ(none.evidence.facts.at("dkim.selectors"),
            "not known: none of the usual ones has a key");
  Key("google", TxtReply({Concat("p=", kRsa2048)}));
  Key("k1", TxtReply({"v=DKIM1; p="}));
  Key("mail", TxtReply({"v=DKIM1; p=!"}));
  const Observation some = Usual();
  EXPECT_EQ(Summary(some), "pass");
  EXPECT_EQ(FindingsText(some), "dkim_syntax");
  EXPECT_EQ(some.evidence.facts.at("dkim.selectors"), "google, mail");
}

TEST_F(DnsDkimTest, WhatCannotBeLookedUpIsNotMissing) {
  Key("default", TimeoutReply());
  const Observation silent = Usual();
  EXPECT_EQ(Summary(silent),
            "not_tested: which selectors there are cannot be told: TXT "
            "default._domainkey.alpha.test at 192.0.2.53:53: no answer");
  EXPECT_EQ(resolver_.asked().size(), 1u);
  Key("default", RcodeReply(Rcode::kServFail));
  Key("google", TxtReply({Concat("p=", kRsa2048)}));
  const Observation partly = Usual();
  EXPECT_EQ(Summary(partly), "pass");
  EXPECT_EQ(FindingsText(partly), "dns_servfail");
}

TEST_F(DnsDkimTest, ADomainThatDoesNotExistLacksNoKey) {
  resolver_.Forget("alpha.test", RrType::kSoa);
  for (const Observation& gone : {Declared({"s1", "s2"}), Usual()}) {
    EXPECT_EQ(Summary(gone), "fail dns_nxdomain at dns");
    EXPECT_EQ(FindingsText(gone), "");
    EXPECT_EQ(gone.evidence.facts.count("dkim.selectors"), 0u);
  }
  EXPECT_EQ(resolver_.asked().size(), 4u);  // the first selector and the domain, each time
}

TEST_F(DnsDkimTest, AWildcardIsNoKey) {
  resolver_.Otherwise(TxtReply({Concat("v=DKIM1; p=", kRsa2048), "v=spf1 -all"}));
  EXPECT_EQ(Usual().evidence.facts.at("dkim.selectors"),
            "not known: none of the usual ones has a key");
  const Observation declared = Declared({"s1"});
  EXPECT_EQ(Summary(declared), "fail dkim_missing at dns");
  EXPECT_EQ(declared.failure->detail,
            "the selector s1 has no key: TXT s1._domainkey.alpha.test: only a wildcard answers");
  Key("s1", TxtReply({Concat("v=DKIM1; p=", kRsa1024)}));
  EXPECT_EQ(Summary(Declared({"s1"})), "pass");
}

}  // namespace
}  // namespace postwatch::agent
