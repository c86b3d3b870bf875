#include "common/domain/spf_evaluation.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

class SpfEvaluationTest : public ::testing::Test {
 protected:
  SpfEvaluationTest() { resolver_.Otherwise(RcodeReply(Rcode::kNxDomain)); }

  void Spf(std::string_view name, std::string record) {
    resolver_.Forget(name, RrType::kTxt);
    resolver_.On(name, RrType::kTxt, TxtReply({"other", "v=spf1 " + record}));
  }
  SpfVerdict Check(std::string ip, std::string sender = "") {
    SpfQuery query{std::move(ip), "alpha.test", std::move(sender), ""};
    return RunTask(CheckSpf(resolver_, std::move(query)));
  }
  // "pass 1/0 ip4:192.0.2.1": the result, lookups, void lookups, and why.
  std::string Said(std::string ip, std::string sender = "") {
    const SpfVerdict verdict = Check(std::move(ip), std::move(sender));
    return Concat(SpfResultName(verdict.result), " ", verdict.lookups, "/", verdict.void_lookups,
                  " ", verdict.why);
  }

  FakeResolver resolver_;
};

TEST_F(SpfEvaluationTest, TheFirstTermThatMatchesDecides) {
  Spf("alpha.test",
      "ip4:192.0.2.0/25 ?ip4:192.0.2.128/26 ip6:2001:db8::/32 ~ip4:198.51.100.1 -all");
  EXPECT_EQ(Said("192.0.2.1"), "pass 0/0 ip4:192.0.2.0/25");
  EXPECT_EQ(Said("192.0.2.129"), "neutral 0/0 ?ip4:192.0.2.128/26");
  EXPECT_EQ(Said("2001:db8::7"), "pass 0/0 ip6:2001:db8::/32");
  EXPECT_EQ(Said("198.51.100.1"), "softfail 0/0 ~ip4:198.51.100.1");
  EXPECT_EQ(Said("198.51.100.2"), "fail 0/0 -all");
  Spf("alpha.test", "ip4:192.0.2.1");
  EXPECT_EQ(Said("192.0.2.2"), "neutral 0/0 no term matches");
}

TEST_F(SpfEvaluationTest, AnswersWithoutARecordAreNotFailures) {
  EXPECT_EQ(Said("192.0.2.1"), "none 0/0 no SPF record");
  resolver_.On("alpha.test", RrType::kTxt, TxtReply({"v=spf1 -all", "v=spf1 a -all"}));
  EXPECT_EQ(Said("192.0.2.1"), "permerror 0/0 2 SPF records");
  Spf("alpha.test", "ip5:1 -all");
  EXPECT_EQ(Said("192.0.2.1"), "permerror 0/0 'ip5:1': there is no mechanism 'ip5'");
  resolver_.Forget("alpha.test", RrType::kTxt);
  resolver_.On("alpha.test", RrType::kTxt, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Said("192.0.2.1"), "temperror 0/0 TXT alpha.test: SERVFAIL");
}

TEST_F(SpfEvaluationTest, IncludesAreFollowed) {
  Spf("alpha.test", "include:a.test include:b.test -all");
  Spf("a.test", "ip4:192.0.2.1 -all");
  Spf("b.test", "include:c.test ~all");
  Spf("c.test", "ip4:192.0.2.2 ?all");
  EXPECT_EQ(Said("192.0.2.1"), "pass 1/0 include:a.test -> ip4:192.0.2.1");
  EXPECT_EQ(Said("192.0.2.2"), "pass 3/0 include:b.test -> include:c.test -> ip4:192.0.2.2");
  EXPECT_EQ(Said("192.0.2.3"), "fail 3/0 -all");
  resolver_.Forget("c.test", RrType::kTxt);
  EXPECT_EQ(Said("192.0.2.3"), "permerror 3/0 include:b.test -> include:c.test: no SPF record");
  resolver_.On("c.test", RrType::kTxt, TimeoutReply());
  EXPECT_EQ(Said("192.0.2.3"),
            "temperror 3/0 include:b.test -> include:c.test: TXT c.test: no answer");
}

TEST_F(SpfEvaluationTest, RedirectTakesOverUnlessSomethingMatched) {
  Spf("alpha.test", "ip4:192.0.2.1 redirect=_spf.%{d}");
  EXPECT_EQ(Said("192.0.2.1"), "pass 0/0 ip4:192.0.2.1");
  EXPECT_EQ(Said("192.0.2.2"), "permerror 1/0 redirect=_spf.%{d}: no SPF record");
  Spf("_spf.alpha.test", "ip4:192.0.2.2 -all");
  EXPECT_EQ(Said("192.0.2.2"), "pass 1/0 redirect=_spf.%{d} -> ip4:192.0.2.2");
  EXPECT_EQ(Said("192.0.2.3"), "fail 1/0 redirect=_spf.%{d} -> -all");
}

TEST_F(SpfEvaluationTest, AddressesAndMxHostsMatchWithTheirPrefix) {
  Spf("alpha.test", "a mx/24//64 -all");
  resolver_.On("alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  resolver_.On("alpha.test", RrType::kAaaa, NoDataReply());
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx.alpha.test"}}));
  resolver_.On("mx.alpha.test", RrType::kA, AddressReply({"198.51.100.7"}));
  resolver_.On("mx.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  EXPECT_EQ(Said("192.0.2.1"), "pass 1/0 a");
  EXPECT_EQ(Said("198.51.100.200"), "pass 2/0 mx/24//64");
  EXPECT_EQ(Said("2001:db8::ffff"), "pass 2/1 mx/24//64");
  EXPECT_EQ(Said("2001:db8:1::1"), "fail 2/1 -all");
  resolver_.Forget("mx.alpha.test", RrType::kA);
  resolver_.On("mx.alpha.test", RrType::kA, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Said("198.51.100.7"), "temperror 2/0 mx/24//64: A mx.alpha.test: SERVFAIL");
}

TEST_F(SpfEvaluationTest, ElevenMxHostsAreTooMany) {
  Spf("alpha.test", "mx -all");
  std::vector<std::pair<uint16_t, std::string>> hosts;
  for (int i = 0; i < 11; ++i) hosts.emplace_back(10, Concat("mx", i, ".alpha.test"));
  resolver_.On("alpha.test", RrType::kMx, MxReply(hosts));
  EXPECT_EQ(Said("192.0.2.1"), "permerror 1/0 mx: alpha.test has 11 MX hosts, more than 10");
}

TEST_F(SpfEvaluationTest, ExistsAsksForAnAddressOfTheExpandedName) {
  Spf("alpha.test", "exists:%{l}.%{ir}.%{v}.ok.%{d} -all");
  resolver_.On("joe.1.2.0.192.in-addr.ok.alpha.test", RrType::kA, AddressReply({"127.0.0.2"}));
  EXPECT_EQ(Said("192.0.2.1", "joe@alpha.test"), "pass 1/0 exists:%{l}.%{ir}.%{v}.ok.%{d}");
  EXPECT_EQ(Said("192.0.2.1"), "fail 1/1 -all");
}

TEST_F(SpfEvaluationTest, PtrNeedsANameThatLeadsBack) {
  Spf("alpha.test", "ptr -all");
  resolver_.On("1.2.0.192.in-addr.arpa", RrType::kPtr,
               RecordsReply({MakeRecord(RrType::kPtr, NameRecord{"out.alpha.test"})}));
  EXPECT_EQ(Said("192.0.2.1"), "fail 1/0 -all");
  resolver_.On("out.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  EXPECT_EQ(Said("192.0.2.1"), "pass 1/0 ptr");
  Spf("alpha.test", "exists:%{p}.ok.test -all");
  resolver_.On("out.alpha.test.ok.test", RrType::kA, AddressReply({"127.0.0.2"}));
  EXPECT_EQ(Said("192.0.2.1"), "pass 1/0 exists:%{p}.ok.test");
}

TEST_F(SpfEvaluationTest, TenLookupsAreBorneAndElevenAreNot) {
  std::string record;
  for (int i = 0; i < 10; ++i) record += Concat("include:i", i, ".test ");
  for (int i = 0; i < 11; ++i) Spf(Concat("i", i, ".test"), "ip4:198.51.100.1 -all");
  Spf("alpha.test", record + "-all");
  EXPECT_EQ(Said("192.0.2.1"), "fail 10/0 -all");
  Spf("alpha.test", record + "include:i10.test -all");
  EXPECT_EQ(Said("192.0.2.1"), "permerror 11/0 include:i10.test: more than 10 lookups");
}

TEST_F(SpfEvaluationTest, ALoopEndsAtTheLimit) {
  Spf("alpha.test", "include:alpha.test -all");
  EXPECT_EQ(Check("192.0.2.1").result, SpfResult::kPermError);
  EXPECT_EQ(Check("192.0.2.1").lookups, 11);
}

TEST_F(SpfEvaluationTest, TwoVoidLookupsAreBorneAndThreeAreNot) {
  Spf("alpha.test", "a:x.test a:y.test -all");
  EXPECT_EQ(Said("192.0.2.1"), "fail 2/2 -all");
  Spf("alpha.test", "a:x.test mx:y.test exists:z.test -all");
  EXPECT_EQ(Said("192.0.2.1"), "permerror 3/3 exists:z.test: more than 2 lookups found nothing");
}

}  // namespace
}  // namespace postwatch
