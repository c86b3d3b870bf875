#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class DnsMxTest : public ProbeFixture {
 protected:
  void TwoHosts() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx,
                 MxReply({{20, "mx2.alpha.test"}, {10, "MX1.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
  }
  std::string Outcome(DnsReply reply) {
    resolver_.Forget("alpha.test", RrType::kMx);
    resolver_.On("alpha.test", RrType::kMx, std::move(reply));
    return Summary(Run(Spec("dns.mx", Keys({}))));
  }
};

TEST_F(DnsMxTest, PassesAndSaysWhatItFound) {
  TwoHosts();
  const Observation seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "dns addresses");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("mx"), "10 mx1.alpha.test, 20 mx2.alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("addresses.mx1.alpha.test"), "192.0.2.1");
}

TEST_F(DnsMxTest, EveryWayToFailHasItsOwnName) {
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kNxDomain)), "fail dns_nxdomain at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kServFail)), "fail dns_servfail at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kServFail, 6, "bogus")), "fail dns_dnssec_bogus at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kRefused)), "fail dns_refused at dns");
  EXPECT_EQ(Outcome(TimeoutReply()), "fail dns_timeout at dns");
  EXPECT_EQ(Outcome(TransportReply(DnsTransport::kMalformed)), "fail dns_malformed at dns");
  EXPECT_EQ(Outcome(TransportReply(DnsTransport::kTruncatedNoTcp)),
            "fail dns_truncated_no_tcp at dns");
  EXPECT_EQ(Outcome(MxReply({{0, "."}})), "fail dns_null_mx at dns");
  resolver_.Otherwise(NoDataReply());
  EXPECT_EQ(Outcome(NoDataReply()), "fail dns_nodata at dns");
  EXPECT_EQ(Outcome(MxReply({{10, "mx1.alpha.test"}})), "fail dns_mx_no_address at addresses");
}

TEST_F(DnsMxTest, TheDomainsOwnAddressIsAnImplicitMx) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  const Observation seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dns_nodata");
  EXPECT_EQ(seen.evidence.facts.at("mx"), "0 alpha.test");
}

TEST_F(DnsMxTest, OneBadHostBesideAGoodOneIsAFinding) {
  TwoHosts();
  resolver_.Forget("mx2.alpha.test", RrType::kA);
  const Observation seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dns_mx_no_address");
}

TEST_F(DnsMxTest, AliasesAndPrivateAddressesAreNamed) {
  TwoHosts();
  resolver_.Forget("mx1.alpha.test", RrType::kA);
  resolver_.On(
      "mx1.alpha.test", RrType::kA,
      RecordsReply({MakeRecord(RrType::kCname, NameRecord{"real.alpha.test"}),
                    MakeRecord(RrType::kA, AddressRecord{"10.0.0.1"}, "real.alpha.test")}));
  EXPECT_EQ(FindingsText(Run(Spec("dns.mx", Keys({})))), "dns_mx_cname dns_mx_private");
  EXPECT_EQ(FindingsText(Run(Spec("dns.mx", Keys({{"private", Text("allow")}})))), "dns_mx_cname");
}

TEST_F(DnsMxTest, ComparesWithWhatIsExpected) {
  TwoHosts();
  EXPECT_EQ(Summary(Run(
                Spec("dns.mx", Keys({{"expect", Texts({"mx2.alpha.test", "Mx1.alpha.test."})}})))),
            "pass");
  const Observation seen = Run(Spec("dns.mx", Keys({{"expect", Texts({"mx1.alpha.test"})}})));
  EXPECT_EQ(Summary(seen), "fail dns_mx_mismatch at dns");
  EXPECT_EQ(seen.failure->detail,
            "the MX hosts are mx1.alpha.test, mx2.alpha.test, expected mx1.alpha.test");
}

}  // namespace
}  // namespace postwatch::agent
