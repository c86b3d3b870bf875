#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

DnsReply CaaReply(std::string tag, std::string value) {
  return RecordsReply(
      {MakeRecord(RrType::kCaa, CaaRecord{false, std::move(tag), std::move(value)})});
}

class DnsCaaTest : public ProbeFixture {
 protected:
  DnsCaaTest() { resolver_.Otherwise(NoDataReply()); }

  void At(std::string_view name, DnsReply reply) {
    resolver_.Forget(name, RrType::kCaa);
    resolver_.On(name, RrType::kCaa, std::move(reply));
  }
  Observation Check(Settings settings = Keys({})) {
    return Run(Spec("dns.caa", std::move(settings)));
  }
  Observation Issuing(std::string issuer) {
    return Check(Keys({{"issuer", Text(std::move(issuer))}}));
  }
};

TEST_F(DnsCaaTest, WithoutRecordsAnybodyMayIssue) {
  const Observation seen = Issuing("ca.test");
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("caa.alpha.test"), "none: any authority may issue");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
}

TEST_F(DnsCaaTest, ADomainThatDoesNotExistIsNotOneWithout) {
  resolver_.On("alpha.test", RrType::kMx, RcodeReply(Rcode::kNxDomain));
  const Observation gone = Issuing("ca.test");
  EXPECT_EQ(Summary(gone), "pass");
  ASSERT_EQ(FindingsText(gone), "dns_nxdomain");
  EXPECT_EQ(gone.findings[0].detail,
            "alpha.test does not exist: MX alpha.test at 192.0.2.53:53: NXDOMAIN");
  EXPECT_EQ(gone.evidence.facts.count("caa.alpha.test"), 0u);
}

TEST_F(DnsCaaTest, LooksAtTheMxHostsWithinTheDomain) {
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx.alpha.test"}, {20, "mx.beta.test"}}));
  At("alpha.test", CaaReply("issue", "ca.test"));
  At("mx.alpha.test", CaaReply("issue", ";"));
  const Observation seen = Issuing("ca.test");
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "caa_forbids");
  EXPECT_EQ(seen.findings[0].detail,
            "ca.test may not issue for mx.alpha.test: the CAA records of mx.alpha.test are 0 issue "
            ";");
  EXPECT_EQ(seen.evidence.facts.at("caa.nobody"), "mx.alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("caa.alpha.test"), "0 issue ca.test");
  EXPECT_EQ(seen.evidence.facts.count("caa.mx.beta.test"), 0u);
}

TEST_F(DnsCaaTest, OneSetIsJudgedOnce) {
  At("alpha.test", CaaReply("issue", "http://ca.test"));
  const Observation seen = Check(Keys({{"hosts", Texts({"mx1.alpha.test", "mx2.alpha.test"})}}));
  ASSERT_EQ(FindingsText(seen), "caa_syntax");
  EXPECT_EQ(seen.findings[0].detail,
            "the CAA records of alpha.test: issue 'http://ca.test' names no authority, so that it "
            "forbids all");
  EXPECT_EQ(seen.evidence.facts.at("caa.mx2.alpha.test"), "as alpha.test");
}

TEST_F(DnsCaaTest, AFailedLookupIsNeitherAbsenceNorAFailedCheck) {
  At("alpha.test", RcodeReply(Rcode::kServFail));
  const Observation dead = Check();
  EXPECT_EQ(Summary(dead), "pass");
  ASSERT_EQ(FindingsText(dead), "dns_servfail");
  EXPECT_EQ(dead.findings[0].detail,
            "authorities cannot tell whether they may issue for alpha.test, and then must not: CAA "
            "alpha.test at 192.0.2.53:53: SERVFAIL");
  At("alpha.test", TimeoutReply());
  EXPECT_EQ(Summary(Check()),
            "not_tested: the CAA records that count for alpha.test are not known: CAA alpha.test "
            "at 192.0.2.53:53: no answer");
}

}  // namespace
}  // namespace postwatch::agent
