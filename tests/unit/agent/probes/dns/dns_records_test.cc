#include "agent/probes/dns/dns_records.h"

#include "tests/unit/agent/probes/dns/authority_fixture.h"

namespace postwatch::agent {
namespace {

class DnsRecordsTest : public AuthorityFixture {
 protected:
  CheckSpec Expecting(std::initializer_list<std::pair<std::string, Settings>> entry,
                      std::string ask = "resolver") {
    return Spec("dns.records",
                Keys({{"expect", Settings::List({Keys(entry)})}, {"ask", Text(std::move(ask))}}));
  }
  void ResolverMx(std::vector<std::pair<uint16_t, std::string>> mx) {
    resolver_.Forget("alpha.test", RrType::kMx);
    resolver_.On("alpha.test", RrType::kMx, MxReply(std::move(mx)));
  }
};

TEST_F(DnsRecordsTest, PassesInAnyOrderAndSpelling) {
  ResolverMx({{20, "mx2.alpha.test"}, {10, "mx1.alpha.test"}});
  const Observation seen = Run(Expecting(
      {{"type", Text("mx")}, {"values", Texts({"10 MX1.alpha.test.", "20 mx2.alpha.test"})}}));
  EXPECT_EQ(Summary(seen), "pass") << AllText(seen);
  EXPECT_EQ(seen.evidence.facts.at("mx.alpha.test"), "10 mx1.alpha.test, 20 mx2.alpha.test");
}

TEST_F(DnsRecordsTest, DriftSaysWhatWasAddedAndRemoved) {
  ResolverMx({{10, "mx1.alpha.test"}, {5, "evil.example"}});
  const Observation seen = Run(Expecting(
      {{"type", Text("MX")}, {"values", Texts({"10 mx1.alpha.test", "20 mx2.alpha.test"})}}));
  EXPECT_EQ(Summary(seen), "fail dns_drift at dns");
  EXPECT_EQ(seen.failure->detail,
            "the MX records of alpha.test at 192.0.2.53:53 are not as declared: +5 evil.example "
            "-20 mx2.alpha.test");
}

TEST_F(DnsRecordsTest, WithinAllowsLessAndNothingElse) {
  const auto spec = Expecting(
      {{"type", Text("MX")}, {"within", Texts({"10 mx1.alpha.test", "20 mx2.alpha.test"})}});
  ResolverMx({{20, "mx2.alpha.test"}});
  EXPECT_EQ(Summary(Run(spec)), "pass");
  ResolverMx({{20, "mx2.alpha.test"}, {5, "evil.example"}});
  const Observation seen = Run(spec);
  EXPECT_EQ(Summary(seen), "fail dns_drift at dns");
  EXPECT_TRUE(seen.failure->detail.ends_with("declared: +5 evil.example")) << seen.failure->detail;
}

TEST_F(DnsRecordsTest, NothingIsARecordSetToo) {
  const auto none = Expecting({{"type", Text("CAA")}, {"values", Texts({})}});
  EXPECT_EQ(Summary(Run(none)), "pass");
  resolver_.On("alpha.test", RrType::kCaa, RcodeReply(Rcode::kNxDomain));
  EXPECT_EQ(Summary(Run(none)), "pass");
  const auto some = Expecting({{"type", Text("CAA")}, {"values", Texts({"0 issue ca.test"})}});
  const Observation seen = Run(some);
  EXPECT_EQ(Summary(seen), "fail dns_drift at dns");
  EXPECT_TRUE(
      seen.failure->detail.ends_with("declared: -0 issue \"ca.test\" (the name does not exist)"))
      << seen.failure->detail;
}

TEST_F(DnsRecordsTest, WhatCannotBeLookedUpIsNoDrift) {
  const auto spec = Expecting({{"type", Text("MX")}, {"values", Texts({"10 mx1.alpha.test"})}});
  for (const auto& [reply, klass] :
       std::vector<std::pair<DnsReply, std::string>>{{RcodeReply(Rcode::kServFail), "dns_servfail"},
                                                     {RcodeReply(Rcode::kRefused), "dns_refused"},
                                                     {TimeoutReply(), "dns_timeout"}}) {
    resolver_.Forget("alpha.test", RrType::kMx);
    resolver_.On("alpha.test", RrType::kMx, reply);
    EXPECT_EQ(Summary(Run(spec)), "fail " + klass + " at dns");
  }
}

TEST_F(DnsRecordsTest, WhatWasBeforeIsPropagatingUntilItsTtlIsOverAndThenStale) {
  ResolverMx({{10, "old.alpha.test"}});
  const CheckSpec spec = Expecting({{"type", Text("MX")},
                                    {"values", Texts({"10 mx1.alpha.test"})},
                                    {"previous", Texts({"10 old.alpha.test"})}});
  const std::unique_ptr<Probe> probe = Make(spec);
  Observation seen = RunAll(*probe, spec).front();
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dns_propagating");
  EXPECT_EQ(seen.findings[0].detail,
            "the MX records of alpha.test at the resolver are still those of before the change, "
            "10 old.alpha.test, for 5m more");
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  clock_.Advance(absl::Seconds(30));
  seen = RunAll(*probe, spec).front();
  EXPECT_EQ(Summary(seen), "fail dns_stale at dns");
  EXPECT_TRUE(seen.failure->detail.ends_with(", 30s longer than their TTL allows"))
      << seen.failure->detail;
  ResolverMx({{10, "mx1.alpha.test"}});
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass");
  ResolverMx({{10, "old.alpha.test"}});
  EXPECT_EQ(Summary(RunAll(*probe, spec).front()), "pass") << "the TTL counts anew";
}

TEST_F(DnsRecordsTest, TheTimeOfWhatWasBeforeOutlivesARestart) {
  const auto spec = [this](const std::string& before) {
    return Expecting({{"type", Text("MX")},
                      {"values", Texts({"10 mx1.alpha.test"})},
                      {"previous", Texts({before})}});
  };
  ResolverMx({{10, "old.alpha.test"}});
  EXPECT_EQ(Summary(Run(spec("10 old.alpha.test"))), "pass");
  clock_.Advance(absl::Minutes(5) + absl::Seconds(30));
  const Observation seen = Run(spec("10 old.alpha.test"));  // by a probe made anew
  EXPECT_EQ(Summary(seen), "fail dns_stale at dns");
  EXPECT_TRUE(seen.failure->detail.ends_with(", 30s longer than their TTL allows"))
      << seen.failure->detail;
  ResolverMx({{10, "older.alpha.test"}});
  EXPECT_EQ(Summary(Run(spec("10 older.alpha.test"))), "pass") << "another change, another time";
  ResolverMx({{10, "mx1.alpha.test"}});
  EXPECT_EQ(Summary(Run(spec("10 older.alpha.test"))), "pass");
  EXPECT_TRUE(ledger_.notes().empty());
  clock_.Advance(absl::Hours(1));
  ResolverMx({{10, "older.alpha.test"}});
  EXPECT_EQ(Summary(Run(spec("10 older.alpha.test"))), "pass") << "the TTL counts anew";
}

TEST_F(DnsRecordsTest, EachNameServerIsHeldAgainstIt) {
  ResolverMx({{10, "mx1.alpha.test"}});
  const CheckSpec spec = Expecting({{"type", Text("MX")},
                                    {"values", Texts({"10 mx1.alpha.test"})},
                                    {"previous", Texts({"10 old.alpha.test"})}},
                                   "authorities");
  EXPECT_EQ(Summary(Run(spec)), "pass");
  Serve("192.0.2.2", 9, {{66, "evil.example"}});
  Observation seen = Run(spec);
  EXPECT_EQ(Summary(seen), "fail dns_drift at servers");
  EXPECT_EQ(seen.failure->detail,
            "the MX records of alpha.test at 1 of 2 name server addresses are not as declared: "
            "ns2.alpha.test (192.0.2.2): +66 evil.example -10 mx1.alpha.test");
  Serve("192.0.2.2", 9, {{10, "old.alpha.test"}});
  seen = Run(spec);
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dns_propagating");
  Break("192.0.2.2", TimeoutReply());
  seen = Run(spec);
  EXPECT_EQ(Summary(seen), "pass") << "dns.delegation says that it is dead";
  EXPECT_EQ(seen.evidence.facts.at("servers.alpha.test"), "1/2");
}

TEST_F(DnsRecordsTest, OtherFaultsThanTheFirstAreFindings) {
  const CheckSpec spec =
      Spec("dns.records",
           Keys({{"expect",
                  Settings::List({Keys({{"type", Text("MX")}, {"values", Texts({"10 a.test"})}}),
                                  Keys({{"name", Text("_dmarc.alpha.test")},
                                        {"type", Text("TXT")},
                                        {"values", Texts({"v=DMARC1; p=none"})}})})}}));
  ResolverMx({{10, "mx1.alpha.test"}});
  const Observation seen = Run(spec);
  EXPECT_EQ(Summary(seen), "fail dns_drift at dns");
  EXPECT_EQ(FindingsText(seen), "dns_drift");
}

}  // namespace
}  // namespace postwatch::agent
