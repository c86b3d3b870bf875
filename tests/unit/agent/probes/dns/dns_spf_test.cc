#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class DnsSpfTest : public ProbeFixture {
 protected:
  DnsSpfTest() { resolver_.Otherwise(RcodeReply(Rcode::kNxDomain)); }

  void Answer(DnsReply reply) {
    resolver_.Forget("alpha.test", RrType::kTxt);
    resolver_.On("alpha.test", RrType::kTxt, std::move(reply));
  }
  void Record(std::string record) { Answer(TxtReply({"x=1", "v=spf1 " + std::move(record)})); }
  Observation Check(Settings settings = Keys({})) {
    return Run(Spec("dns.spf", std::move(settings)));
  }
  Observation Required() { return Check(Keys({{"require", Text("true")}})); }
};

TEST_F(DnsSpfTest, PassesAndSaysWhatItFound) {
  Record("ip4:192.0.2.0/24 include:b.test -all");
  resolver_.On("b.test", RrType::kTxt, TxtReply({"v=spf1 a:none.test -all"}));
  const Observation seen = Check(Keys({{"senders", Texts({"192.0.2.9"})}}));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("spf"), "v=spf1 ip4:192.0.2.0/24 include:b.test -all");
  EXPECT_EQ(seen.evidence.facts.at("spf.lookups"), "2");
  EXPECT_EQ(seen.evidence.facts.at("spf.void_lookups"), "1");
  EXPECT_EQ(seen.evidence.facts.at("spf.sender.192.0.2.9"), "pass (ip4:192.0.2.0/24)");
}

TEST_F(DnsSpfTest, OnlyAnAnswerMakesARecordMissing) {
  Answer(NoDataReply());
  EXPECT_EQ(FindingsText(Check()), "spf_missing");
  EXPECT_EQ(Summary(Required()), "fail spf_missing at dns");
  Answer(RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(Check()), "fail dns_servfail at dns");
  Answer(TimeoutReply());
  EXPECT_EQ(Summary(Check()), "fail dns_timeout at dns");
  Answer(RcodeReply(Rcode::kRefused));
  EXPECT_EQ(Summary(Check()), "fail dns_refused at dns");
}

TEST_F(DnsSpfTest, ADomainThatDoesNotExistLacksNoRecord) {
  for (const Observation& seen : {Check(), Required()}) {
    EXPECT_EQ(Summary(seen), "fail dns_nxdomain at dns");
    EXPECT_EQ(FindingsText(seen), "");
    EXPECT_EQ(seen.failure->detail,
              "alpha.test does not exist: TXT alpha.test at 192.0.2.53:53: NXDOMAIN");
  }
}

TEST_F(DnsSpfTest, SaysWhichRecordIsNearlyOne) {
  Answer(TxtReply({"hello", "\"v=spf1 -all\""}));
  const Observation seen = Check();
  ASSERT_EQ(FindingsText(seen), "spf_missing");
  EXPECT_EQ(seen.findings[0].detail,
            "alpha.test has no SPF record: the record '\"v=spf1 -all\"' does not start with "
            "'v=spf1 '");
}

TEST_F(DnsSpfTest, WhatReceiversCannotUseIsFound) {
  Answer(TxtReply({"v=spf1 -all", "v=spf1 mx -all"}));
  EXPECT_EQ(FindingsText(Check()), "spf_multiple");
  EXPECT_EQ(Summary(Required()), "fail spf_multiple at dns");
  Record("ip:192.0.2.1 -all");
  EXPECT_EQ(FindingsText(Check()), "spf_syntax");
  EXPECT_EQ(Check().findings[0].detail,
            "receivers cannot use the SPF record of alpha.test: 'ip:192.0.2.1': there is no "
            "mechanism 'ip'");
  Record("include:gone.test -all");
  EXPECT_EQ(FindingsText(Check()), "spf_include_broken");
  EXPECT_EQ(Summary(Required()), "fail spf_include_broken at dns");
  Record("a:x.test a:y.test a:z.test -all");
  EXPECT_EQ(FindingsText(Check()), "spf_void_lookups");
  Record("+all");
  EXPECT_EQ(FindingsText(Check()), "spf_pass_all");
  EXPECT_EQ(Summary(Required()), "pass");
}

TEST_F(DnsSpfTest, CountsLookups) {
  std::string record;
  for (int i = 0; i < 11; ++i) {
    record += Concat("include:i", i, ".test ");
    resolver_.On(Concat("i", i, ".test"), RrType::kTxt, TxtReply({"v=spf1 -all"}));
  }
  Record(record + "-all");
  const Observation seen = Check();
  ASSERT_EQ(FindingsText(seen), "spf_too_many_lookups");
  EXPECT_EQ(seen.findings[0].detail, "the record takes 11 lookups, receivers give up after 10");
  EXPECT_EQ(seen.evidence.facts.at("spf.lookups"), "11");
}

TEST_F(DnsSpfTest, AnIncludeThatCannotBeLookedUpIsNotBroken) {
  Record("include:b.test -all");
  resolver_.On("b.test", RrType::kTxt, RcodeReply(Rcode::kServFail));
  const Observation seen = Required();
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dns_servfail");
  EXPECT_EQ(seen.findings[0].detail, "include:b.test: TXT b.test at 192.0.2.53:53: SERVFAIL");
  const Observation sent = Check(Keys({{"senders", Texts({"192.0.2.9"})}}));
  EXPECT_EQ(Summary(sent),
            "not_tested: whether 192.0.2.9 may send cannot be told: include:b.test: TXT b.test: "
            "SERVFAIL");
}

TEST_F(DnsSpfTest, ADeclaredSenderThatIsRefusedFails) {
  Record("ip4:192.0.2.1 -all");
  const Observation refused = Check(Keys({{"senders", Texts({"192.0.2.1", "192.0.2.2"})}}));
  EXPECT_EQ(Summary(refused), "fail spf_sender_not_covered at dns");
  EXPECT_EQ(refused.failure->detail, "192.0.2.2 sends for alpha.test, and SPF says fail (-all)");
  EXPECT_EQ(refused.evidence.facts.at("spf.lookups"), "0");
  Record("ip4:192.0.2.1 ~all");
  const Observation soft = Check(Keys({{"senders", Texts({"192.0.2.2"})}}));
  EXPECT_EQ(Summary(soft), "pass");
  EXPECT_EQ(FindingsText(soft), "spf_sender_not_covered");
}

TEST_F(DnsSpfTest, AsksForEachNameOnce) {
  Record("include:b.test mx -all");
  resolver_.On("b.test", RrType::kTxt, TxtReply({"v=spf1 ip4:192.0.2.1 -all"}));
  Check(Keys({{"senders", Texts({"192.0.2.1", "192.0.2.2"})}}));
  std::vector<std::string> names;
  for (const DnsQuestion& question : resolver_.asked()) {
    names.push_back(Concat(RrTypeText(question.type), " ", question.name));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"TXT alpha.test", "TXT b.test", "MX alpha.test"}));
}

}  // namespace
}  // namespace postwatch::agent
