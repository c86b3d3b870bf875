#include "agent/probes/dns/mail_dns.h"

#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

TEST(MailDnsTest, KnowsPrivateAddresses) {
  for (const char* ip :
       {"10.1.2.3", "127.0.0.1", "172.31.255.255", "192.168.0.1", "169.254.1.1", "100.64.0.1",
        "0.0.0.0", "::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(IsPrivateAddress(ip)) << ip;
  }
  for (const char* ip : {"192.0.2.1", "172.32.0.1", "198.18.11.2", "100.128.0.1", "2001:db8::1",
                         "::ffff:192.0.2.1", "not an address"}) {
    EXPECT_FALSE(IsPrivateAddress(ip)) << ip;
  }
}

TEST(MailDnsTest, KnowsWhatIsWithinADomain) {
  EXPECT_TRUE(IsWithin("mx.Alpha.test.", "alpha.test"));
  EXPECT_TRUE(IsWithin("alpha.test", "alpha.test."));
  EXPECT_FALSE(IsWithin("notalpha.test", "alpha.test"));
  EXPECT_FALSE(IsWithin("test", "alpha.test"));
}

class MailDnsRunTest : public ProbeFixture {
 protected:
  std::string Resolve(const std::string& host, AddressFamilies families) {
    addresses_ = HostAddresses();
    const std::optional<Fault> fault = RunTask(ResolveHost(context_, host, families, addresses_));
    return fault.has_value() ? std::string(FailureClassName(fault->klass)) : "fine";
  }

  const CheckSpec spec_ = Spec("dns.mx", Keys({}));
  StepRecorder run_{spec_, clock_};
  const ProbeDeps deps_ = Deps();
  const RunContext context_{deps_, spec_, run_};
  HostAddresses addresses_;
};

TEST_F(MailDnsRunTest, AnIpLiteralDependsOnNoDns) {
  EXPECT_EQ(Resolve("192.0.2.7", AddressFamilies::kBoth), "fine");
  EXPECT_EQ(Resolve("2001:db8::7", AddressFamilies::kBoth), "fine");
  EXPECT_TRUE(resolver_.asked().empty());
  EXPECT_EQ(TouchedText(run_.Finish()), "");
}

TEST_F(MailDnsRunTest, TouchesTheZoneTheNameIsIn) {
  resolver_.Otherwise(AddressReply({"192.0.2.7"}));
  EXPECT_EQ(Resolve("mail.alpha.test", AddressFamilies::kEither), "fine");
  EXPECT_EQ(Resolve("mx.host.example", AddressFamilies::kEither), "fine");
  EXPECT_EQ(TouchedText(run_.Finish()), "resolver:192.0.2.53:53 zone:alpha.test zone:host.example");
}

TEST_F(MailDnsRunTest, AFamilyThatFailsBesideOneThatWorksIsAFinding) {
  resolver_.On("mx.alpha.test", RrType::kA, AddressReply({"192.0.2.7"}));
  resolver_.On("mx.alpha.test", RrType::kAaaa, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Resolve("mx.alpha.test", AddressFamilies::kBoth), "fine");
  EXPECT_EQ(FindingsText(run_.Finish()), "dns_servfail");
}

TEST_F(MailDnsRunTest, TellsAbsenceFromAliasesThatGoInACircle) {
  resolver_.Otherwise(NoDataReply());
  EXPECT_EQ(Resolve("a.alpha.test", AddressFamilies::kEither), "dns_nodata");
  resolver_.Otherwise(
      RecordsReply({MakeRecord(RrType::kCname, NameRecord{"b.alpha.test"}, "a.alpha.test"),
                    MakeRecord(RrType::kCname, NameRecord{"a.alpha.test"}, "b.alpha.test")}));
  EXPECT_EQ(Resolve("a.alpha.test", AddressFamilies::kEither), "dns_loop");
}

}  // namespace
}  // namespace postwatch::agent
