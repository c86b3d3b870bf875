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
  EXPECT_EQ(seen.evidence.facts.at("a.mx1.alpha.test"), "192.0.2.1");
}

TEST_F(DnsMxTest, EveryWayToFailHasItsOwnName) {
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kNxDomain)), "fail dns_nxdomain at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kServFail)), "fail dns_servfail at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kServFail, 6, "bogus")), "fail dns_dnssec_bogus at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kRefused)), "fail dns_refused at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kNotImp)), "fail dns_notimp at dns");
  EXPECT_EQ(Outcome(RcodeReply(Rcode::kFormErr)), "fail dns_formerr at dns");
  EXPECT_EQ(Outcome(TimeoutReply()), "fail dns_timeout at dns");
  EXPECT_EQ(Outcome(TransportReply(DnsTransport::kMalformed)), "fail dns_malformed at dns");
  EXPECT_EQ(Outcome(TransportReply(DnsTransport::kTruncatedNoTcp)),
            "fail dns_truncated_no_tcp at dns");
  EXPECT_EQ(Outcome(MxReply({{0, "."}})), "fail dns_null_mx at dns");
  resolver_.Otherwise(NoDataReply());
  EXPECT_EQ(Outcome(NoDataReply()), "fail dns_nodata at dns");
  EXPECT_EQ(Outcome(MxReply({{10, "mx1.alpha.test"}})), "fail dns_mx_no_address at addresses");
  for (const RrType family : {RrType::kA, RrType::kAaaa}) {
    resolver_.On("mx1.alpha.test", family,
                 RecordsReply({MakeRecord(RrType::kCname, NameRecord{"mx1.alpha.test"})}));
  }
  EXPECT_EQ(Outcome(MxReply({{10, "mx1.alpha.test"}})), "fail dns_loop at addresses");
}

TEST_F(DnsMxTest, TheDomainsOwnAddressIsAnImplicitMx) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  const Observation seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dns_mx_implicit");
  EXPECT_EQ(seen.evidence.facts.at("mx"), "0 alpha.test");
}

TEST_F(DnsMxTest, ANullMxBesideOthersIsToldOnce) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("alpha.test", RrType::kMx, MxReply({{0, "."}, {10, "mx1.alpha.test"}}));
  resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  const Observation seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dns_null_mx");
  EXPECT_EQ(FindingsText(Run(Spec("dns.ptr", Keys({})))), "ptr_missing");
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

TEST_F(DnsMxTest, ThisMachinesOwnNameIsNoMailServer) {
  EXPECT_EQ(Outcome(MxReply({{10, "localhost"}})), "fail dns_mx_private at addresses");
  resolver_.Forget("alpha.test", RrType::kMx);
  TwoHosts();
  resolver_.Forget("mx2.alpha.test", RrType::kA);
  resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"127.0.0.1"}));
  EXPECT_EQ(FindingsText(Run(Spec("dns.mx", Keys({})))), "dns_mx_private");
}

TEST_F(DnsMxTest, FamiliesSinglesAndEqualPreferencesAreFactsOnly) {
  resolver_.Otherwise(NoDataReply());
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
  resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  resolver_.On("mx1.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  Observation seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("mx.single"), "true");
  EXPECT_EQ(seen.evidence.facts.at("a.mx1.alpha.test"), "192.0.2.1");
  EXPECT_EQ(seen.evidence.facts.at("aaaa.mx1.alpha.test"), "2001:db8::1");
  resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx,
               MxReply({{10, "mx1.alpha.test"}, {10, "mx2.alpha.test"}}));
  seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("mx.same_preference"), "10 mx1.alpha.test mx2.alpha.test");
}

TEST_F(DnsMxTest, HostsThatFailTogetherAreAFact) {
  TwoHosts();
  EXPECT_EQ(Run(Spec("dns.mx", Keys({}))).evidence.facts.at("mx.same_network"), "true");
  resolver_.On("mx2.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::2"}));
  EXPECT_EQ(Run(Spec("dns.mx", Keys({}))).evidence.facts.count("mx.same_network"), 0u);
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
  EXPECT_EQ(Run(Spec("dns.mx", Keys({}))).evidence.facts.count("mx.same_network"), 0u);
}

TEST_F(DnsMxTest, LearnsWhoRunsTheZoneAndNamesThemWhenItFails) {
  TwoHosts();
  resolver_.On("alpha.test", RrType::kNs, NsReply({"a.ns.hoster.example", "b.ns.hoster.example"}));
  EXPECT_EQ(TouchedText(Run(Spec("dns.mx", Keys({})))),
            "resolver:192.0.2.53:53 zone:alpha.test hoster:hoster.example");
  const auto asked_ns = [this] {
    return std::ranges::count(resolver_.asked(), RrType::kNs, &DnsQuestion::type);
  };
  Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(asked_ns(), 1) << "known for an hour";
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, TimeoutReply());
  const Observation seen = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(Summary(seen), "fail dns_timeout at dns");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test hoster:hoster.example");
  clock_.Advance(absl::Hours(1));
  TwoHosts();
  resolver_.Forget("alpha.test", RrType::kMx);
  TwoHosts();
  Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(asked_ns(), 2);
}

TEST_F(DnsMxTest, AHostBelowAZoneIsOfThatZonesOperator) {
  TwoHosts();
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx.in.mail.example"}}));
  resolver_.On("mx.in.mail.example", RrType::kA, AddressReply({"192.0.2.9"}));
  DnsReply below = RcodeReply(Rcode::kNoError);
  below.message.authorities.push_back(MakeRecord(RrType::kSoa, SoaRecord(), "mail.example"));
  resolver_.On("in.mail.example", RrType::kNs, below);
  resolver_.On("mail.example", RrType::kNs, NsReply({"ns.hoster.example"}));
  Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(operators_.Find("in.mail.example"), "hoster.example");
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
