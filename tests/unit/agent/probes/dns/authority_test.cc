#include "agent/probes/dns/authority.h"

#include "common/base/text.h"
#include "tests/unit/agent/probes/dns/authority_fixture.h"

namespace postwatch::agent {
namespace {

TEST(ParentNameTest, TakesOneLabelOff) {
  EXPECT_EQ(ParentName("Mail.alpha.test."), "alpha.test");
  EXPECT_EQ(ParentName("test"), ".");
  EXPECT_EQ(ParentName("."), ".");
  EXPECT_EQ(ParentName("a\\.b.test"), "test");
}

class AuthorityTest : public AuthorityFixture {
 protected:
  std::string Zone(const std::string& name) {
    std::string zone;
    const std::optional<Fault> fault = RunTask(FindZone(context_, name, zone));
    return fault.has_value() ? std::string(FailureClassName(fault->klass)) : zone;
  }

  const CheckSpec spec_ = Spec("dns.delegation", Keys({}));
  StepRecorder run_{spec_, clock_};
  const ProbeDeps deps_ = Deps();
  const RunContext context_{deps_, spec_, run_};
};

TEST_F(AuthorityTest, FindsTheZoneOfAName) {
  EXPECT_EQ(Zone("alpha.test"), "alpha.test");
  DnsReply below = NoDataReply();
  below.message.authorities.push_back(MakeRecord(RrType::kSoa, SoaRecord(), "alpha.test"));
  resolver_.On("a.b.alpha.test", RrType::kSoa, below);
  EXPECT_EQ(Zone("a.b.alpha.test"), "alpha.test");
  EXPECT_EQ(Zone("silent.alpha.test"), "alpha.test") << "who says nothing is asked one label up";
  resolver_.On("dead.test", RrType::kSoa, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Zone("dead.test"), "dns_servfail");
  EXPECT_EQ(Zone("nobody.example"), "dns_nodata");
}

// The SOA of an alias's target says nothing about the alias.
TEST_F(AuthorityTest, AnotherZonesSoaIsNotTaken) {
  DnsReply alias = NoDataReply();
  alias.message.authorities.push_back(MakeRecord(RrType::kSoa, SoaRecord(), "other.test"));
  resolver_.On("www.alpha.test", RrType::kSoa, alias);
  EXPECT_EQ(Zone("www.alpha.test"), "alpha.test");
}

TEST_F(AuthorityTest, TheDelegationIsAsTheParentHasIt) {
  Delegation found;
  EXPECT_FALSE(RunTask(FindDelegation(context_, "alpha.test", found)).has_value());
  EXPECT_EQ(found.zone, "alpha.test");
  EXPECT_EQ(found.parent, "test");
  EXPECT_EQ(Join(found.hosts, " "), "ns1.alpha.test ns2.alpha.test");
  EXPECT_EQ(Join(found.glue["ns2.alpha.test"], " "), "192.0.2.2");
  EXPECT_TRUE(found.resolves);
  EXPECT_TRUE(found.parent_answered);
  EXPECT_FALSE(found.parent_serves_zone);
}

TEST_F(AuthorityTest, AParentThatServesTheZoneToo) {
  Parent().Forget("alpha.test", RrType::kNs);
  Parent().On("alpha.test", RrType::kNs, Authoritative(NsReply({"ns1.alpha.test"})));
  Delegation found;
  EXPECT_FALSE(RunTask(FindDelegation(context_, "alpha.test", found)).has_value());
  EXPECT_TRUE(found.parent_serves_zone);
  EXPECT_EQ(Join(found.hosts, " "), "ns1.alpha.test");
}

TEST_F(AuthorityTest, ServersAndAddressesAreBounded) {
  std::vector<std::string> hosts;
  for (int i = 0; i < 40; ++i) {
    hosts.push_back("n" + std::to_string(i) + ".example");
    resolver_.On(hosts.back(), RrType::kA,
                 AddressReply({"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"}));
  }
  Delegation delegation;
  delegation.resolves = true;
  const std::vector<NameServer> servers = RunTask(LocateServers(context_, hosts, delegation));
  EXPECT_EQ(servers.size(), 13u);
  EXPECT_EQ(servers[0].ips.size(), 4u);
  EXPECT_EQ(OpenAuthorities(deps_, servers).size(), 26u);
}

TEST_F(AuthorityTest, GlueIsAskedWhereTheResolverCannotKnow) {
  Delegation dead;
  dead.zone = "alpha.test";
  dead.glue["ns1.alpha.test"] = {"192.0.2.1"};
  const size_t asked = resolver_.asked().size();
  const std::vector<NameServer> servers =
      RunTask(LocateServers(context_, {"ns1.alpha.test", "ns2.alpha.test"}, dead));
  EXPECT_EQ(resolver_.asked().size(), asked);
  EXPECT_EQ(Join(servers[0].ips, " "), "192.0.2.1");
  EXPECT_EQ(servers[1].unresolved->detail, "ns2.alpha.test: the parent gives no address of it");
}

}  // namespace
}  // namespace postwatch::agent
