#include "agent/probes/dns/dns_ptr.h"

#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

DnsReply PtrReply(const std::vector<std::string>& names) {
  std::vector<ResourceRecord> records;
  for (const std::string& name : names) {
    records.push_back(MakeRecord(RrType::kPtr, NameRecord{name}));
  }
  return RecordsReply(std::move(records));
}

class DnsPtrTest : public ProbeFixture {
 protected:
  DnsPtrTest() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On(kReverse, RrType::kPtr, PtrReply({"mx1.alpha.test"}));
  }
  Observation Ptr() { return Run(Spec("dns.ptr", Keys({}))); }
  void Reverse(DnsReply reply) {
    resolver_.Forget(kReverse, RrType::kPtr);
    resolver_.On(kReverse, RrType::kPtr, std::move(reply));
  }

  static constexpr std::string_view kReverse = "1.2.0.192.in-addr.arpa";
};

TEST_F(DnsPtrTest, PassesWhenTheNameLeadsBack) {
  const Observation seen = Ptr();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "") << AllText(seen);
  EXPECT_EQ(StepsText(seen), "dns addresses names");
  EXPECT_EQ(seen.evidence.facts.at("ptr.192.0.2.1"), "mx1.alpha.test");
}

TEST_F(DnsPtrTest, MissingIsOnlyWhatIsDenied) {
  Reverse(NoDataReply());
  EXPECT_EQ(FindingsText(Ptr()), "ptr_missing");
  Reverse(RcodeReply(Rcode::kNxDomain));
  const Observation seen = Ptr();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "ptr_missing");
  EXPECT_EQ(seen.findings[0].detail,
            "no PTR record for 192.0.2.1 (mx1.alpha.test): PTR 1.2.0.192.in-addr.arpa at "
            "192.0.2.53:53: NXDOMAIN");
  Reverse(RcodeReply(Rcode::kServFail));
  EXPECT_EQ(FindingsText(Ptr()), "dns_servfail");
  Reverse(TimeoutReply());
  EXPECT_EQ(FindingsText(Ptr()), "dns_timeout");
}

TEST_F(DnsPtrTest, ANameThatLeadsElsewhereIsAMismatch) {
  Reverse(PtrReply({"other.alpha.test"}));
  resolver_.On("other.alpha.test", RrType::kA, AddressReply({"192.0.2.99"}));
  Observation seen = Ptr();
  ASSERT_EQ(FindingsText(seen), "fcrdns_mismatch");
  EXPECT_EQ(seen.findings[0].detail,
            "the name of 192.0.2.1 (mx1.alpha.test) is other.alpha.test, and that has the address "
            "192.0.2.99");
  Reverse(PtrReply({"other.alpha.test", "mx1.alpha.test"}));
  EXPECT_EQ(FindingsText(Ptr()), "") << "one of several is enough";
  Reverse(PtrReply({"dead.alpha.test"}));
  resolver_.On("dead.alpha.test", RrType::kA, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(FindingsText(Ptr()), "dns_servfail") << "nothing is known of the name";
}

TEST_F(DnsPtrTest, ANameOfAPoolIsTold) {
  Reverse(PtrReply({"192-0-2-1.pool.isp.example"}));
  resolver_.On("192-0-2-1.pool.isp.example", RrType::kA, AddressReply({"192.0.2.1"}));
  EXPECT_EQ(FindingsText(Ptr()), "ptr_generic");
}

TEST_F(DnsPtrTest, BothFamiliesAndDeclaredSendersAreLookedAtAndPrivateOnesAreNot) {
  resolver_.On("mx1.alpha.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  const Observation seen =
      Run(Spec("dns.ptr", Keys({{"senders", Texts({"198.51.100.7", "10.0.0.1"})}})));
  EXPECT_EQ(FindingsText(seen), "ptr_missing ptr_missing") << AllText(seen);
  EXPECT_NE(seen.findings[0].detail.find("198.51.100.7 (sender)"), std::string::npos);
  EXPECT_NE(seen.findings[1].detail.find("2001:db8::1 (mx1.alpha.test)"), std::string::npos);
}

TEST_F(DnsPtrTest, WithoutMxHostsThereIsNothingToSay) {
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Ptr().outcome, Outcome::kNotTested);
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, MxReply({{0, "."}}));
  EXPECT_EQ(Summary(Ptr()), "pass");
}

}  // namespace
}  // namespace postwatch::agent
