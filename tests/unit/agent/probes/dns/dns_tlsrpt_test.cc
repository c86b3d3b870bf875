#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class DnsTlsrptTest : public ProbeFixture {
 protected:
  DnsTlsrptTest() { resolver_.On("alpha.test", RrType::kSoa, SoaReply(1)); }

  Observation Check(DnsReply reply) {
    resolver_.Forget("_smtp._tls.alpha.test", RrType::kTxt);
    resolver_.On("_smtp._tls.alpha.test", RrType::kTxt, std::move(reply));
    return Run(Spec("dns.tlsrpt", Keys({})));
  }
  // The one finding: "tlsrpt_syntax: ...".
  std::string Finding(DnsReply reply) {
    const Observation seen = Check(std::move(reply));
    EXPECT_EQ(Summary(seen), "pass");
    return seen.findings.size() == 1 ? FindingsText(seen) + ": " + seen.findings[0].detail : "";
  }
};

TEST_F(DnsTlsrptTest, PassesAndSaysWhatItFound) {
  const Observation seen = Check(TxtReply({"v=TLSRPTv1; rua=mailto:r@alpha.test", "x"}));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("tlsrpt"), "v=TLSRPTv1; rua=mailto:r@alpha.test");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
}

TEST_F(DnsTlsrptTest, WhatIsWrongIsAFinding) {
  EXPECT_EQ(Finding(RcodeReply(Rcode::kNxDomain)),
            "tlsrpt_missing: no TLS-RPT record: TXT _smtp._tls.alpha.test at 192.0.2.53:53: "
            "NXDOMAIN");
  EXPECT_EQ(Finding(TxtReply({"hello"})),
            "tlsrpt_missing: no TLS-RPT record: none of those at _smtp._tls.alpha.test is one");
  EXPECT_EQ(Finding(TxtReply({"v=TLSRPTv1 rua=mailto:r@alpha.test"})),
            "tlsrpt_syntax: the record 'v=TLSRPTv1 rua=mailto:r@alpha.test' at "
            "_smtp._tls.alpha.test does not start with v=TLSRPTv1;");
  EXPECT_EQ(Finding(TxtReply({"v=TLSRPTv1; rua="})),
            "tlsrpt_syntax: senders cannot use the record at _smtp._tls.alpha.test: rua=: an "
            "address in the list is empty");
  EXPECT_EQ(Finding(TxtReply({"v=TLSRPTv1; rua=mailto:r@alpha.test", "v=TLSRPTv1; rua=x"})),
            "tlsrpt_syntax: _smtp._tls.alpha.test has 2 TLS-RPT records, so that senders use none");
}

TEST_F(DnsTlsrptTest, ADomainThatDoesNotExistLacksNoRecord) {
  resolver_.Forget("alpha.test", RrType::kSoa);
  resolver_.On("alpha.test", RrType::kSoa, RcodeReply(Rcode::kNxDomain));
  const Observation gone = Check(RcodeReply(Rcode::kNxDomain));
  EXPECT_EQ(Summary(gone), "fail dns_nxdomain at dns");
  EXPECT_EQ(FindingsText(gone), "");
}

TEST_F(DnsTlsrptTest, AFailedLookupIsNotAMissingRecord) {
  EXPECT_EQ(Summary(Check(RcodeReply(Rcode::kServFail))), "fail dns_servfail at dns");
  EXPECT_EQ(Summary(Check(TimeoutReply())), "fail dns_timeout at dns");
}

}  // namespace
}  // namespace postwatch::agent
