#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class DnsDmarcTest : public ProbeFixture {
 protected:
  DnsDmarcTest() {
    resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
    resolver_.On("alpha.test", RrType::kSoa, SoaReply(1));
  }

  void At(const std::string& name, DnsReply reply) {
    resolver_.Forget(name, RrType::kTxt);
    resolver_.On(name, RrType::kTxt, std::move(reply));
  }
  void Record(std::string text) { At("_dmarc.alpha.test", TxtReply({std::move(text)})); }
  Observation Check(Settings settings = Keys({})) {
    return Run(Spec("dns.dmarc", std::move(settings)));
  }
  Observation Expecting(std::string policy) {
    return Check(Keys({{"expect_policy", Text(std::move(policy))}}));
  }
};

TEST_F(DnsDmarcTest, PassesAndSaysWhatItFound) {
  Record("v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@reports.alpha.test");
  const Observation seen = Expecting("reject");
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("dmarc.source"), "alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("dmarc.policy"), "reject");
  EXPECT_EQ(seen.evidence.facts.at("dmarc.subdomain_policy"), "quarantine");
  EXPECT_EQ(seen.evidence.facts.at("dmarc"),
            "v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@reports.alpha.test");
  EXPECT_EQ(resolver_.asked().size(), 1u);
}

TEST_F(DnsDmarcTest, OnlyAnswersMakeARecordMissing) {
  const Observation missing = Check();
  EXPECT_EQ(Summary(missing), "pass");
  ASSERT_EQ(FindingsText(missing), "dmarc_missing");
  EXPECT_EQ(missing.findings[0].detail,
            "no DMARC record for alpha.test: TXT _dmarc.alpha.test at 192.0.2.53:53: NXDOMAIN; "
            "none above it");
  At("_dmarc.test", RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(Check()),
            "not_tested: alpha.test has no DMARC record of its own, and whether a domain above it "
            "has one cannot be told: TXT _dmarc.test at 192.0.2.53:53: SERVFAIL");
  At("_dmarc.alpha.test", RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(Check()), "fail dns_servfail at dns");
  At("_dmarc.alpha.test", TimeoutReply());
  EXPECT_EQ(Summary(Check()), "fail dns_timeout at dns");
}

TEST_F(DnsDmarcTest, ADomainThatDoesNotExistLacksNoRecord) {
  resolver_.Forget("alpha.test", RrType::kSoa);
  At("_dmarc.test", TxtReply({"v=DMARC1; p=reject"}));
  const Observation gone = Check();
  EXPECT_EQ(Summary(gone), "fail dns_nxdomain at dns");
  EXPECT_EQ(FindingsText(gone), "");
  EXPECT_EQ(gone.failure->detail,
            "alpha.test does not exist: SOA alpha.test at 192.0.2.53:53: NXDOMAIN");
  At("_dmarc.test", NoDataReply());
  for (DnsReply reply : {NoDataReply(), TimeoutReply(), RcodeReply(Rcode::kServFail)}) {
    resolver_.Forget("alpha.test", RrType::kSoa);
    resolver_.On("alpha.test", RrType::kSoa, std::move(reply));
    EXPECT_EQ(FindingsText(Check()), "dmarc_missing");
  }
}

TEST_F(DnsDmarcTest, ADomainAboveMayHaveIt) {
  At("_dmarc.test", TxtReply({"v=DMARC1; p=reject; sp=none"}));
  const Observation seen = Expecting("quarantine");
  EXPECT_EQ(seen.evidence.facts.at("dmarc.source"), "test");
  EXPECT_EQ(seen.evidence.facts.at("dmarc.policy"), "none");
  ASSERT_EQ(FindingsText(seen), "dmarc_policy_weakened");
  EXPECT_EQ(seen.findings[0].detail,
            "the policy for alpha.test is none, expected quarantine; the record stands at "
            "_dmarc.test");
}

TEST_F(DnsDmarcTest, WhatReceiversCannotUseIsFound) {
  At("_dmarc.alpha.test", TxtReply({"v=DMARC1; p=none", "v=DMARC1; p=reject"}));
  EXPECT_EQ(FindingsText(Check()), "dmarc_multiple");
  Record("v=DMARC1; p=block");
  const Observation broken = Check();
  ASSERT_EQ(FindingsText(broken), "dmarc_syntax");
  EXPECT_EQ(broken.findings[0].detail,
            "receivers cannot use the record at _dmarc.alpha.test: p=block is none of "
            "none|quarantine|reject");
  Record("p=reject; v=DMARC1");
  const Observation swapped = Check();
  ASSERT_EQ(FindingsText(swapped), "dmarc_syntax");
  EXPECT_EQ(swapped.findings[0].detail,
            "the record 'p=reject; v=DMARC1' at _dmarc.alpha.test does not start with v=DMARC1, so "
            "that it counts for nothing");
  Record("v=DMARC1; p=reject; sp=x; fo=9");
  const Observation partly = Check();
  ASSERT_EQ(FindingsText(partly), "dmarc_syntax");
  EXPECT_EQ(partly.findings[0].detail,
            "the record at _dmarc.alpha.test: sp=x is none of none|quarantine|reject; fo=9 is no "
            "list of 0, 1, d, s");
}

TEST_F(DnsDmarcTest, ATestIsAWeakerPolicy) {
  Record("v=DMARC1; p=reject; t=y");
  EXPECT_EQ(FindingsText(Expecting("quarantine")), "");
  const Observation weak = Expecting("reject");
  ASSERT_EQ(FindingsText(weak), "dmarc_policy_weakened");
  EXPECT_EQ(weak.evidence.facts.at("dmarc.testing"), "true");
  EXPECT_EQ(weak.findings[0].detail,
            "the policy for alpha.test is quarantine (t=y weakens it), expected reject; the record "
            "stands at _dmarc.alpha.test");
}

TEST_F(DnsDmarcTest, StrangersMustAgreeToTakeReports) {
  Record("v=DMARC1; p=none; rua=mailto:a@beta.test,mailto:b@alpha.test");
  const Observation refused = Check();
  ASSERT_EQ(FindingsText(refused), "dmarc_rua_unauthorised");
  EXPECT_EQ(refused.findings[0].detail,
            "reports are to go to beta.test, which does not agree: no v=DMARC1 at "
            "alpha.test._report._dmarc.beta.test");
  At("alpha.test._report._dmarc.beta.test", TxtReply({"v=DMARC1"}));
  EXPECT_EQ(FindingsText(Check()), "");
  At("alpha.test._report._dmarc.beta.test", RcodeReply(Rcode::kServFail));
  EXPECT_EQ(FindingsText(Check()), "");
}

TEST_F(DnsDmarcTest, OneOrganizationNeedsNoAgreement) {
  At("_dmarc.org.test", TxtReply({"v=DMARC1; p=none"}));
  At("_dmarc.a.org.test", TxtReply({"v=DMARC1; p=none; rua=mailto:d@b.org.test"}));
  CheckSpec spec = Spec("dns.dmarc", Keys({}));
  spec.target = "a.org.test";
  EXPECT_EQ(FindingsText(Run(spec)), "");
}

}  // namespace
}  // namespace postwatch::agent
