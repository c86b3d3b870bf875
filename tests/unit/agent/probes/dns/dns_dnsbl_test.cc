#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

class DnsDnsblTest : public ProbeFixture {
 protected:
  DnsDnsblTest() {
    resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
    resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx.alpha.test"}}));
    resolver_.On("mx.alpha.test", RrType::kA, AddressReply({"203.0.113.9"}));
    resolver_.On("mx.alpha.test", RrType::kAaaa, NoDataReply());
    Lists("2.0.0.127", "127.0.0.2");
  }

  void Lists(std::string_view labels, std::string code, std::string_view zone = "bl.test") {
    const std::string name = Concat(labels, ".", zone);
    resolver_.Forget(name, RrType::kA);
    resolver_.On(name, RrType::kA, AddressReply({std::move(code)}));
  }
  Observation Check(Settings settings = Keys({{"lists", Texts({"bl.test"})}})) {
    return Run(Spec("dns.dnsbl", std::move(settings)));
  }
  size_t Asked(std::string_view name) {
    return static_cast<size_t>(std::ranges::count(resolver_.asked(), name, &DnsQuestion::name));
  }
};

TEST_F(DnsDnsblTest, PassesAndSaysWhomItAsked) {
  const Observation seen = Check();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(StepsText(seen), "addresses dns");
  EXPECT_EQ(seen.evidence.facts.at("dnsbl.bl.test"), "203.0.113.9 clean");
}

TEST_F(DnsDnsblTest, AListingIsNamedWithItsMeaningAndReason) {
  Lists("9.113.0.203", "127.0.0.4");
  resolver_.On("9.113.0.203.bl.test", RrType::kTxt, TxtReply({"see https://bl.test/9"}));
  const Settings list = Keys(
      {{"zone", Text("bl.test")}, {"codes", Keys({{"127.0.0.4-7", Text("a hijacked machine")}})}});
  const Observation seen = Check(Keys({{"lists", Settings::List({list})}}));
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dnsbl_listed");
  EXPECT_EQ(seen.findings[0].detail,
            "203.0.113.9 is on bl.test (127.0.0.4, a hijacked machine): see https://bl.test/9");
  EXPECT_EQ(seen.evidence.facts.at("dnsbl.bl.test"), "203.0.113.9 listed: 127.0.0.4");
}

TEST_F(DnsDnsblTest, ARefusalIsNoListing) {
  Lists("2.0.0.127", "127.255.255.254");
  Lists("9.113.0.203", "127.255.255.254");
  const Observation seen = Check();
  EXPECT_EQ(Summary(seen),
            "not_tested: no blocklist can be asked: bl.test refuses this resolver: "
            "127.255.255.254");
  EXPECT_EQ(FindingsText(seen), "dnsbl_query_refused");
  Lists("2.0.0.127", "127.0.0.2");
  const Observation later = Check();
  EXPECT_EQ(Summary(later),
            "not_tested: no blocklist can be asked: bl.test: 203.0.113.9 not known: "
            "127.255.255.254");
  EXPECT_EQ(FindingsText(later), "dnsbl_query_refused");
  EXPECT_EQ(later.findings[0].detail, "bl.test does not answer about 203.0.113.9: 127.255.255.254");
}

TEST_F(DnsDnsblTest, EveryRefusalIsOne) {
  for (const std::string code : {"127.255.255.252", "127.255.255.254", "127.255.255.255"}) {
    Lists("9.113.0.203", code);
    EXPECT_EQ(FindingsText(Check()), "dnsbl_query_refused") << code;
  }
  resolver_.Forget("9.113.0.203.bl.test", RrType::kA);
  resolver_.On("9.113.0.203.bl.test", RrType::kA, RcodeReply(Rcode::kRefused));
  EXPECT_EQ(FindingsText(Check()), "dnsbl_query_refused");
}

TEST_F(DnsDnsblTest, ADeadListListsNobody) {
  resolver_.Forget("2.0.0.127.bl.test", RrType::kA);
  Lists("9.113.0.203", "127.0.0.2");
  const Observation seen = Check();
  EXPECT_EQ(FindingsText(seen), "dnsbl_dead");
  EXPECT_EQ(seen.findings[0].detail, "bl.test: 127.0.0.2 is not listed, as it must be: NXDOMAIN");
}

TEST_F(DnsDnsblTest, AListOfEverybodyListsNobody) {
  Lists("1.0.0.127", "127.0.0.2");
  Lists("9.113.0.203", "127.0.0.2");
  EXPECT_EQ(FindingsText(Check()), "dnsbl_lists_world");
}

TEST_F(DnsDnsblTest, AListThatKeepsSilentIsNeither) {
  resolver_.Forget("2.0.0.127.bl.test", RrType::kA);
  resolver_.On("2.0.0.127.bl.test", RrType::kA, TimeoutReply());
  const Observation seen = Check();
  EXPECT_EQ(Summary(seen),
            "not_tested: no blocklist can be asked: bl.test does not answer: no answer");
  EXPECT_EQ(FindingsText(seen), "");
}

TEST_F(DnsDnsblTest, AListThatWorksAndSaysNothingAboutTheServersTellsNothing) {
  for (const DnsReply& reply : {RcodeReply(Rcode::kServFail), RcodeReply(Rcode::kRefused)}) {
    resolver_.Forget("9.113.0.203.bl.test", RrType::kA);
    resolver_.On("9.113.0.203.bl.test", RrType::kA, reply);
    const std::string reason =
        "not_tested: no blocklist can be asked: bl.test: 203.0.113.9 not known: ";
    EXPECT_TRUE(Summary(Check()).starts_with(reason)) << Summary(Check());
  }
}

TEST_F(DnsDnsblTest, BothFamiliesAndNamesAreAsked) {
  Lists("2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0", "127.0.0.2");
  Lists("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2", "127.0.0.2");
  Lists("test", "127.0.1.2", "names.test");
  Lists("beta.test", "127.0.1.2", "names.test");
  const Settings names = Keys({{"zone", Text("names.test")}, {"of", Text("domains")}});
  const Observation seen = Check(Keys({{"lists", Settings::List({Text("bl.test"), names})},
                                       {"addresses", Texts({"192.0.2.1", "2001:db8::1"})},
                                       {"domains", Texts({"alpha.test", "beta.test"})}}));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dnsbl_listed dnsbl_listed");
  EXPECT_EQ(seen.evidence.facts.at("dnsbl.bl.test"),
            "192.0.2.1 clean; 2001:db8::1 listed: 127.0.0.2");
  EXPECT_EQ(seen.evidence.facts.at("dnsbl.names.test"),
            "alpha.test clean; beta.test listed: 127.0.1.2");
  EXPECT_EQ(Asked("alpha.test"), 0u);
}

TEST_F(DnsDnsblTest, AListWithoutIpv6IsNotDead) {
  const Observation seen = Check(
      Keys({{"lists", Texts({"bl.test"})}, {"addresses", Texts({"192.0.2.1", "2001:db8::1"})}}));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("dnsbl.bl.test"), "192.0.2.1 clean; has no IPv6 addresses");
}

TEST_F(DnsDnsblTest, WithoutListsTheUsualOnesAreAskedAndNotComplainedOf) {
  Lists("2.0.0.127", "127.0.0.2", "zen.spamhaus.org");
  Lists("9.113.0.203", "127.0.0.10", "zen.spamhaus.org");
  Lists("2.0.0.127", "127.255.255.254", "bl.spamcop.net");
  const Observation seen = Check(Keys({}));
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dnsbl_listed");
  EXPECT_EQ(seen.findings[0].detail,
            "203.0.113.9 is on zen.spamhaus.org (127.0.0.10, PBL: a network whose machines should "
            "not send mail directly)");
  EXPECT_EQ(seen.evidence.facts.at("dnsbl.bl.spamcop.net"),
            "refuses this resolver: 127.255.255.254");
}

TEST_F(DnsDnsblTest, WithoutAddressesNothingIsSaid) {
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(Check()),
            "not_tested: the addresses of the mail servers are not known: MX alpha.test at "
            "192.0.2.53:53: SERVFAIL");
}

TEST_F(DnsDnsblTest, BelievesATestForAWhile) {
  const CheckSpec spec = Spec("dns.dnsbl", Keys({{"lists", Texts({"bl.test"})}}));
  const std::unique_ptr<Probe> probe = Make(spec);
  RunAll(*probe, spec);
  RunAll(*probe, spec);
  EXPECT_EQ(Asked("2.0.0.127.bl.test"), 1u);
  EXPECT_EQ(Asked("9.113.0.203.bl.test"), 2u);
  clock_.Advance(absl::Minutes(6));
  RunAll(*probe, spec);
  EXPECT_EQ(Asked("2.0.0.127.bl.test"), 2u);
}

}  // namespace
}  // namespace postwatch::agent
