#include "agent/probes/dns/dns_delegation.h"

#include "tests/unit/agent/probes/dns/authority_fixture.h"

namespace postwatch::agent {
namespace {

class DnsDelegationTest : public AuthorityFixture {
 protected:
  Observation Delegation() { return Run(Spec("dns.delegation", Keys({}))); }
};

TEST_F(DnsDelegationTest, PassesWhenParentAndServersAgree) {
  const Observation seen = Delegation();
  EXPECT_EQ(Summary(seen), "pass") << AllText(seen);
  EXPECT_EQ(FindingsText(seen), "") << AllText(seen);
  EXPECT_EQ(StepsText(seen), "dns addresses servers records");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test hoster:alpha.test "
            "ns:alpha.test/ns1.alpha.test ns:alpha.test/ns2.alpha.test");
  const auto& facts = seen.evidence.facts;
  EXPECT_EQ(facts.at("zone"), "alpha.test");
  EXPECT_EQ(facts.at("parent"), "test");
  EXPECT_EQ(facts.at("ns.parent"), "ns1.alpha.test, ns2.alpha.test");
  EXPECT_EQ(facts.at("ns"), "ns1.alpha.test, ns2.alpha.test");
  EXPECT_EQ(facts.at("serial.ns1.alpha.test"), "9");
  EXPECT_EQ(facts.at("ns.ok"), "2/2");
  EXPECT_EQ(facts.at("operator"), "alpha.test");
}

TEST_F(DnsDelegationTest, ServersAreAskedWithoutRecursion) {
  Delegation();
  for (const char* ip : {"192.0.2.1", "192.0.2.2", "192.0.2.250"}) {
    ASSERT_FALSE(resolvers_.At(ip).asked().empty()) << ip;
    for (const DnsQuestion& question : resolvers_.At(ip).asked()) {
      EXPECT_FALSE(question.recursion_desired) << ip;
    }
  }
}

TEST_F(DnsDelegationTest, ALameServerIsNamedWithItsAnswer) {
  for (const Rcode rcode : {Rcode::kRefused, Rcode::kServFail, Rcode::kNxDomain}) {
    Break("192.0.2.2", RcodeReply(rcode));
    const Observation seen = Delegation();
    EXPECT_EQ(Summary(seen), "pass");
    ASSERT_EQ(FindingsText(seen), "dns_ns_lame");
    EXPECT_EQ(seen.findings[0].detail,
              "1 of 2 name server addresses do not serve alpha.test: ns2.alpha.test (192.0.2.2): " +
                  RcodeText(rcode));
    EXPECT_EQ(TouchedText(seen).find("ns2"), std::string::npos) << "nothing is said about it";
  }
}

TEST_F(DnsDelegationTest, AnAnswerWithoutAuthorityIsLame) {
  Break("192.0.2.2", SoaReply(9));
  const Observation seen = Delegation();
  ASSERT_EQ(FindingsText(seen), "dns_ns_lame");
  EXPECT_NE(seen.findings[0].detail.find("answers without authority"), std::string::npos);
}

TEST_F(DnsDelegationTest, ASilentServerIsCounted) {
  Break("192.0.2.1", TimeoutReply());
  const Observation seen = Delegation();
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dns_ns_unreachable");
  EXPECT_EQ(seen.findings[0].detail,
            "1 of 2 name server addresses of alpha.test do not answer: "
            "ns1.alpha.test (192.0.2.1): no answer");
}

TEST_F(DnsDelegationTest, AllServersFailingFailsWithTheExactClass) {
  const std::vector<std::pair<DnsReply, std::string>> cases = {
      {RcodeReply(Rcode::kRefused), "dns_ns_lame"},
      {RcodeReply(static_cast<Rcode>(9)), "dns_ns_lame"},
      {RcodeReply(Rcode::kServFail), "dns_servfail"},
      {RcodeReply(Rcode::kNxDomain), "dns_nxdomain"},
      {TimeoutReply(), "dns_timeout"},
      {SoaReply(9), "dns_ns_lame"}};
  for (const auto& [reply, klass] : cases) {
    Break("192.0.2.1", reply);
    Break("192.0.2.2", reply);
    const Observation seen = Delegation();
    EXPECT_EQ(Summary(seen), "fail " + klass + " at servers");
    EXPECT_NE(TouchedText(seen).find("ns:alpha.test/ns2.alpha.test"), std::string::npos);
  }
  Break("192.0.2.1", RcodeReply(Rcode::kRefused));
  Break("192.0.2.2", TimeoutReply());
  const Observation seen = Delegation();
  EXPECT_EQ(Summary(seen), "fail dns_ns_lame at servers") << "an answer tells more";
  EXPECT_EQ(seen.failure->detail,
            "no name server serves alpha.test: ns1.alpha.test (192.0.2.1): REFUSED; "
            "ns2.alpha.test (192.0.2.2): no answer");
}

// The resolver gives up on a zone whose servers are all dead; the parent still says who they are.
TEST_F(DnsDelegationTest, FindsDeadServersThroughTheParentWhenTheResolverCannot) {
  for (const RrType type : {RrType::kSoa, RrType::kNs}) {
    resolver_.Forget("alpha.test", type);
    resolver_.On("alpha.test", type, RcodeReply(Rcode::kServFail));
  }
  for (const char* host : {"ns1.alpha.test", "ns2.alpha.test"}) {
    resolver_.Forget(host, RrType::kA);
    resolver_.On(host, RrType::kA, RcodeReply(Rcode::kServFail));
  }
  Break("192.0.2.1", TimeoutReply());
  Break("192.0.2.2", TimeoutReply());
  const Observation seen = Delegation();
  EXPECT_EQ(Summary(seen), "fail dns_timeout at servers");
  EXPECT_EQ(seen.failure->detail,
            "no name server serves alpha.test: ns1.alpha.test (192.0.2.1): no answer; "
            "ns2.alpha.test (192.0.2.2): no answer");
}

TEST_F(DnsDelegationTest, AnAgentThatMayNotAskNameServersSaysNothing) {
  Break("192.0.2.1", TimeoutReply());
  Break("192.0.2.2", TimeoutReply());
  Parent().Forget("alpha.test", RrType::kNs);
  EXPECT_EQ(Summary(Delegation()),
            "not_tested: neither the parent's name servers nor the zone's answer this agent: it "
            "may ask its resolver only");
}

TEST_F(DnsDelegationTest, SomethingInBetweenThatAnswersForThemSaysNothing) {
  Break("192.0.2.1", SoaReply(9));
  Break("192.0.2.2", SoaReply(9));
  Parent().Forget("alpha.test", RrType::kNs);
  Parent().Otherwise(SoaReply(9));
  EXPECT_EQ(Summary(Delegation()),
            "not_tested: something between this agent and the name servers answers for them");
}

TEST_F(DnsDelegationTest, ADomainThatTheParentDeniesDoesNotExist) {
  resolver_.Forget("alpha.test", RrType::kSoa);
  resolver_.On("alpha.test", RrType::kSoa, RcodeReply(Rcode::kNxDomain));
  Parent().Forget("alpha.test", RrType::kNs);
  Parent().On("alpha.test", RrType::kNs, Authoritative(RcodeReply(Rcode::kNxDomain)));
  const Observation seen = Delegation();
  EXPECT_EQ(Summary(seen), "fail dns_nxdomain at dns");
  EXPECT_EQ(
      seen.failure->detail,
      "alpha.test does not exist: the server 192.0.2.250:53 of its parent test says NXDOMAIN");
}

TEST_F(DnsDelegationTest, AResolverThatKnowsNothingFailsAsItSays) {
  for (const char* name : {"alpha.test", "test", "."}) {
    resolver_.Forget(name, RrType::kSoa);
    resolver_.On(name, RrType::kSoa, RcodeReply(Rcode::kServFail));
  }
  EXPECT_EQ(Summary(Delegation()), "fail dns_servfail at dns");
}

TEST_F(DnsDelegationTest, ParentAndChildThatDifferAreToldApart) {
  Refer({"ns1.alpha.test", "ns9.alpha.test"}, {{"ns1.alpha.test", "192.0.2.1"}});
  const Observation seen = Delegation();
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dns_ns_unreachable dns_ns_mismatch") << AllText(seen);
  EXPECT_NE(seen.findings[0].detail.find("the name server ns9.alpha.test has no address"),
            std::string::npos);
  EXPECT_EQ(seen.findings[1].detail,
            "the parent test leads to ns1.alpha.test, ns9.alpha.test, the zone alpha.test itself "
            "names ns1.alpha.test, ns2.alpha.test");
}

TEST_F(DnsDelegationTest, GlueThatIsNotTheAddressIsAMismatch) {
  Refer({"ns1.alpha.test", "ns2.alpha.test"},
        {{"ns1.alpha.test", "192.0.2.77"}, {"ns2.alpha.test", "192.0.2.2"}});
  const Observation seen = Delegation();
  ASSERT_EQ(FindingsText(seen), "dns_ns_mismatch");
  EXPECT_EQ(
      seen.findings[0].detail,
      "the glue of ns1.alpha.test at the parent test is 192.0.2.77, its address is 192.0.2.1");
}

TEST_F(DnsDelegationTest, WhoIsBehindIsNamed) {
  Serve("192.0.2.2", 7);
  const Observation seen = Delegation();
  ASSERT_EQ(FindingsText(seen), "dns_serial_skew");
  EXPECT_EQ(seen.findings[0].detail,
            "ns2.alpha.test (192.0.2.2) has serial 7, behind 9 of ns1.alpha.test (192.0.2.1)");
}

TEST_F(DnsDelegationTest, OtherRecordsAtTheSameSerialAreDrift) {
  Serve("192.0.2.2", 9, {{10, "mx1.alpha.test"}, {66, "evil.example"}});
  const Observation seen = Delegation();
  ASSERT_EQ(FindingsText(seen), "dns_drift");
  EXPECT_NE(
      seen.findings[0].detail.find("name servers disagree about the MX records of alpha.test"),
      std::string::npos);
  EXPECT_NE(seen.findings[0].detail.find("66 evil.example"), std::string::npos);
}

TEST_F(DnsDelegationTest, OtherRecordsAtAnOlderSerialAreSkewOnly) {
  Serve("192.0.2.2", 7, {{66, "old.example"}});
  EXPECT_EQ(FindingsText(Delegation()), "dns_serial_skew");
}

class DnsDelegationV6Test : public DnsDelegationTest {
 protected:
  DnsDelegationV6Test() {
    resolver_.On("ns1.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  }
};

TEST_F(DnsDelegationV6Test, BothFamiliesAreAsked) {
  Serve("2001:db8::1", 9);
  const Observation seen = Delegation();
  EXPECT_EQ(seen.evidence.facts.at("ns.ok"), "3/3");
  Break("2001:db8::1", RcodeReply(Rcode::kRefused));
  EXPECT_EQ(FindingsText(Delegation()), "dns_ns_lame");
}

TEST_F(DnsDelegationV6Test, AnAgentWithoutIpv6DoesNotBlameTheServer) {
  Break("2001:db8::1", TransportReply(DnsTransport::kUnreachable, "Network is unreachable"));
  Observation seen = Delegation();
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("ipv6"), "none from here; 1 addresses not asked");
  Break("2001:db8::1", TimeoutReply());  // no control to tell by
  EXPECT_EQ(FindingsText(Delegation()), "");
}

TEST_F(DnsDelegationV6Test, SilenceOverIpv6CountsWhereIpv6Works) {
  resolver_.On("a.nic.test", RrType::kAaaa, AddressReply({"2001:db8::250"}));
  Break("2001:db8::1", TimeoutReply());
  EXPECT_EQ(FindingsText(Delegation()), "") << "the parent's is silent too";
  resolvers_.At("2001:db8::250").On("test", RrType::kSoa, Authoritative(SoaReply(1)));
  EXPECT_EQ(FindingsText(Delegation()), "dns_ns_unreachable");
}

TEST_F(DnsDelegationTest, ATargetWithinAZoneIsCheckedByItsZone) {
  DnsReply below = RcodeReply(Rcode::kNoError);
  SoaRecord soa;
  soa.serial = 9;
  below.message.authorities.push_back(MakeRecord(RrType::kSoa, soa, "alpha.test"));
  resolver_.On("mail.alpha.test", RrType::kSoa, below);
  for (const char* ip : {"192.0.2.1", "192.0.2.2"}) {
    resolvers_.At(ip).On("mail.alpha.test", RrType::kMx, Authoritative(NoDataReply()));
  }
  CheckSpec spec = Spec("dns.delegation", Keys({}));
  spec.target = "mail.alpha.test";
  const Observation seen = Run(spec);
  EXPECT_EQ(Summary(seen), "pass") << AllText(seen);
  EXPECT_EQ(FindingsText(seen), "") << AllText(seen);
  EXPECT_EQ(seen.evidence.facts.at("zone"), "alpha.test");
  EXPECT_EQ(operators_.Find("mail.alpha.test"), "alpha.test");
}

// Who runs the servers is known when they are dead, to whatever depends on the zone.
TEST_F(DnsDelegationTest, AFailureAfterASuccessTouchesTheHoster) {
  resolver_.Forget("alpha.test", RrType::kNs);
  resolver_.On("alpha.test", RrType::kNs,
               NsReply({"a.dns.hoster.example", "b.dns.hoster.example"}));
  Refer({"a.dns.hoster.example", "b.dns.hoster.example"}, {});
  resolver_.On("a.dns.hoster.example", RrType::kA, AddressReply({"192.0.2.1"}));
  resolver_.On("b.dns.hoster.example", RrType::kA, AddressReply({"192.0.2.2"}));
  EXPECT_EQ(Summary(Delegation()), "pass");
  EXPECT_EQ(operators_.Find("alpha.test"), "hoster.example");
  resolver_.Otherwise(RcodeReply(Rcode::kServFail));
  const Observation mx = Run(Spec("dns.mx", Keys({})));
  EXPECT_EQ(Summary(mx), "fail dns_servfail at dns");
  EXPECT_EQ(TouchedText(mx), "resolver:192.0.2.53:53 zone:alpha.test hoster:hoster.example");
}

}  // namespace
}  // namespace postwatch::agent
