#include <gmock/gmock.h>

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPolicy =
    "version: STSv1\\r\\nmode: enforce\\r\\nmx: mx1.alpha.test\\r\\nmax_age: 604800\\r\\n";

std::string Ask(std::string_view answer) {
  return Concat(
      "C! starttls\nC: GET /.well-known/mta-sts.txt HTTP/1.1\nC: Host: mta-sts.alpha.test\n"
      "C: Connection: close\nC:\n",
      answer);
}

std::string Serve(std::string_view policy, std::string_view type = "text/plain; charset=utf-8") {
  return Ask(Concat("S: HTTP/1.1 200 OK\nS: Content-Type: ", type, "\nS:\nS! raw ", policy,
                    "\nS! close\n"));
}

class DnsMtaStsTest : public ProbeFixture {
 protected:
  DnsMtaStsTest() {
    resolver_.Otherwise(NoDataReply());
    Record("v=STSv1; id=1");
    resolver_.On("mta-sts.alpha.test", RrType::kA, AddressReply({"192.0.2.8"}));
    Mx({{10, "mx1.alpha.test"}});
  }
  void Record(std::string_view text) {
    resolver_.Forget("_mta-sts.alpha.test", RrType::kTxt);
    resolver_.On("_mta-sts.alpha.test", RrType::kTxt, TxtReply({std::string(text)}));
  }
  void Mx(std::vector<std::pair<uint16_t, std::string>> hosts) {
    resolver_.Forget("alpha.test", RrType::kMx);
    resolver_.On("alpha.test", RrType::kMx, MxReply(std::move(hosts)));
  }
  Observation RunOnly() { return Run(Spec("dns.mtasts", Keys({}))); }
  Observation RunWith(const std::string& script) {
    scripted_.AddFor("192.0.2.8:443", script);
    return RunOnly();
  }
};

TEST_F(DnsMtaStsTest, PassesAndSaysWhatItFound) {
  const Observation seen = RunWith(Serve(kPolicy));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(StepsText(seen), "dns dns connect tls http policy mx");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("mtasts"), "enforce");
  EXPECT_EQ(seen.evidence.facts.at("mtasts.id"), "1");
  EXPECT_EQ(seen.evidence.facts.at("mtasts.mx"), "mx1.alpha.test");
  EXPECT_EQ(seen.evidence.facts.at("mtasts.max_age"), "604800s");
  EXPECT_EQ(seen.evidence.facts.at("tls.verify"), "ok");
}

TEST_F(DnsMtaStsTest, ADomainWithoutItPasses) {
  for (DnsReply reply : {NoDataReply(), RcodeReply(Rcode::kNxDomain), TxtReply({"something"})}) {
    resolver_.Forget("_mta-sts.alpha.test", RrType::kTxt);
    resolver_.On("_mta-sts.alpha.test", RrType::kTxt, reply);
    const Observation seen = RunOnly();
    EXPECT_EQ(Summary(seen), "pass");
    EXPECT_EQ(FindingsText(seen), "");
    EXPECT_EQ(seen.evidence.facts.at("mtasts"), "none");
  }
}

TEST_F(DnsMtaStsTest, ARecordNobodyCanTellIsNotAbsent) {
  resolver_.Forget("_mta-sts.alpha.test", RrType::kTxt);
  resolver_.On("_mta-sts.alpha.test", RrType::kTxt, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(RunOnly()), "fail dns_servfail at dns");
}

TEST_F(DnsMtaStsTest, ADomainThatDoesNotExistIsNotOneWithout) {
  resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
  resolver_.Forget("_mta-sts.alpha.test", RrType::kTxt);
  const Observation gone = RunOnly();
  EXPECT_EQ(Summary(gone), "fail dns_nxdomain at dns");
  EXPECT_EQ(gone.evidence.facts.count("mtasts"), 0u);
}

TEST_F(DnsMtaStsTest, BrokenRecordsAreFindings) {
  Record("v=STSv1;");
  const Observation broken = RunOnly();
  EXPECT_EQ(Summary(broken), "pass");
  ASSERT_EQ(FindingsText(broken), "mtasts_syntax");
  EXPECT_THAT(broken.findings[0].detail, HasSubstr("it has no id"));
  resolver_.Forget("_mta-sts.alpha.test", RrType::kTxt);
  resolver_.On("_mta-sts.alpha.test", RrType::kTxt, TxtReply({"v=STSv1; id=1", "v=STSv1; id=2"}));
  const Observation two = RunOnly();
  EXPECT_EQ(FindingsText(two), "mtasts_syntax");
  EXPECT_EQ(two.evidence.facts.at("mtasts"), "broken");
}

TEST_F(DnsMtaStsTest, ARedirectIsNotFollowed) {
  const Observation seen = RunWith(Ask(
      "S: HTTP/1.1 301 Moved\nS: Location: https://www.alpha.test/x\nS: Content-Length: 0\nS:\n"));
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "mtasts_policy_unreachable");
  EXPECT_THAT(seen.findings[0].detail, HasSubstr("redirects to https://www.alpha.test/x"));
}

TEST_F(DnsMtaStsTest, WaysNotToGetThePolicy) {
  const Observation missing = RunWith(Ask("S: HTTP/1.1 404 No\nS: Content-Length: 0\nS:\n"));
  ASSERT_EQ(FindingsText(missing), "mtasts_policy_unreachable");
  EXPECT_THAT(missing.findings[0].detail, HasSubstr("status 404"));
  scripted_.AddFailureFor("192.0.2.8:443", NetError::kRefused);
  const Observation refused = RunOnly();
  EXPECT_EQ(Summary(refused), "pass");
  ASSERT_EQ(FindingsText(refused), "mtasts_policy_unreachable");
  EXPECT_THAT(refused.findings[0].detail, HasSubstr("tcp_refused"));
  const Observation endless = RunWith(Ask("S: HTTP/1.1 200 OK\nS: Content-Length: 65537\nS:\n"));
  ASSERT_EQ(FindingsText(endless), "mtasts_policy_unreachable");
  EXPECT_THAT(endless.findings[0].detail, HasSubstr("over 65536 bytes"));
  resolver_.Forget("mta-sts.alpha.test", RrType::kA);
  resolver_.On("mta-sts.alpha.test", RrType::kA, RcodeReply(Rcode::kNxDomain));
  const Observation nowhere = RunOnly();
  ASSERT_EQ(FindingsText(nowhere), "mtasts_policy_unreachable");
  EXPECT_THAT(nowhere.findings[0].detail, HasSubstr("dns_nxdomain"));
}

TEST_F(DnsMtaStsTest, ABadCertificateIsToldWithItsReason) {
  const Observation seen = RunWith("C! starttls untrusted-expired\n");
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "mtasts_cert_bad");
  EXPECT_THAT(seen.findings[0].detail, HasSubstr("tls_cert_expired"));
  EXPECT_EQ(seen.evidence.facts.at("tls.verify"), "tls_cert_expired");
}

TEST_F(DnsMtaStsTest, PoliciesSendersCannotUse) {
  const Observation broken = RunWith(Serve("version: STSv1\\nmx: a\\nmax_age: 1\\n"));
  ASSERT_EQ(FindingsText(broken), "mtasts_syntax");
  EXPECT_THAT(broken.findings[0].detail, HasSubstr("there is no mode"));
  const Observation html = RunWith(Serve(kPolicy, "text/html"));
  ASSERT_EQ(FindingsText(html), "mtasts_syntax");
  EXPECT_THAT(html.findings[0].detail, HasSubstr("'text/html'"));
  const Observation brief =
      RunWith(Serve("version: STSv1\\nmode: testing\\nmx: *.alpha.test\\nmax_age: 3600\\n"));
  EXPECT_EQ(FindingsText(brief), "mtasts_maxage_short");
}

TEST_F(DnsMtaStsTest, AnUncoveredMxFailsWhenEnforced) {
  Mx({{10, "mx1.alpha.test"}, {20, "backup.other.test"}});
  const Observation enforced = RunWith(Serve(kPolicy));
  EXPECT_EQ(Summary(enforced), "fail mtasts_mx_mismatch at mx");
  EXPECT_THAT(enforced.failure->detail, HasSubstr("1 of 2 MX hosts (backup.other.test)"));
  EXPECT_EQ(TouchedText(enforced), "resolver:192.0.2.53:53 zone:alpha.test");
  const Observation testing =
      RunWith(Serve("version: STSv1\\nmode: testing\\nmx: mx1.alpha.test\\nmax_age: 86400\\n"));
  EXPECT_EQ(Summary(testing), "pass");
  EXPECT_EQ(FindingsText(testing), "mtasts_mx_mismatch");
  const Observation none = RunWith(Serve("version: STSv1\\nmode: none\\nmax_age: 60\\n"));
  EXPECT_EQ(Summary(none), "pass");
  EXPECT_EQ(FindingsText(none), "");
  Mx({{0, "."}});
  EXPECT_EQ(Summary(RunWith(Serve(kPolicy))), "pass");
}

constexpr std::string_view kUntilTls =
    "S: 220 mx\nC: EHLO agent.example.net\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n";
constexpr std::string_view kBye = "C: QUIT\nS: 221 bye\n";

TEST_F(DnsMtaStsTest, AHostThatCannotBeTrustedFailsWhenEnforced) {
  resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  scripted_.AddFor("192.0.2.1:25", Concat(kUntilTls, "C! starttls untrusted-expired\n", kBye));
  const Observation seen = RunWith(Serve(kPolicy));
  EXPECT_EQ(Summary(seen), "fail tls_mtasts_mismatch at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("1 of 1 MX hosts"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("tls_cert_expired"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("senders that honour it do not deliver there"));
  scripted_.AddFor("192.0.2.1:25", Concat(kUntilTls, "C! starttls untrusted-expired\n", kBye));
  const Observation testing =
      RunWith(Serve("version: STSv1\\nmode: testing\\nmx: mx1.alpha.test\\nmax_age: 86400\\n"));
  EXPECT_EQ(Summary(testing), "pass");
  EXPECT_EQ(FindingsText(testing), "tls_mtasts_mismatch");
  EXPECT_EQ(TouchedText(testing), "resolver:192.0.2.53:53 zone:alpha.test");
}

TEST_F(DnsMtaStsTest, AHostWithoutStartTlsIsPassedOver) {
  Mx({{10, "mx1.alpha.test"}, {20, "mx2.alpha.test"}});
  resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
  resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
  scripted_.AddFor("192.0.2.1:25",
                   Concat("S: 220 mx\nC: EHLO agent.example.net\nS: 250 mx\n", kBye));
  scripted_.AddFor("192.0.2.2:25", Concat(kUntilTls, "C! starttls\n", kBye));
  const Observation seen =
      RunWith(Serve("version: STSv1\\nmode: enforce\\nmx: *.alpha.test\\nmax_age: 604800\\n"));
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "tls_mtasts_mismatch");
  EXPECT_THAT(seen.findings[0].detail,
              HasSubstr("1 of 2 MX hosts are not what the MTA-STS policy demands: mx1.alpha.test "
                        "offers no STARTTLS"));
}

TEST_F(DnsMtaStsTest, SilentHostsLeaveTimeForTheOthers) {
  std::vector<std::pair<uint16_t, std::string>> hosts;
  for (const std::string number : {"1", "2", "3", "4"}) {
    hosts.emplace_back(10, "mx" + number + ".alpha.test");
    resolver_.On("mx" + number + ".alpha.test", RrType::kA, AddressReply({"192.0.2." + number}));
    if (number != "4") scripted_.AddFor("192.0.2." + number + ":25", "S! hang\n");
  }
  Mx(hosts);
  scripted_.AddFor("192.0.2.4:25", Concat(kUntilTls, "C! starttls untrusted-expired\n", kBye));
  const absl::Duration start = clock_.Steady();
  const Observation seen =
      RunWith(Serve("version: STSv1\\nmode: enforce\\nmx: *.alpha.test\\nmax_age: 604800\\n"));
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "tls_mtasts_mismatch");
  EXPECT_THAT(seen.findings[0].detail, HasSubstr("1 of 4 MX hosts"));
  EXPECT_EQ(clock_.Steady() - start, absl::Seconds(29) * 3 / 4) << "an equal share each";
}

TEST_F(DnsMtaStsTest, AChangedPolicyNeedsAChangedId) {
  const CheckSpec spec = Spec("dns.mtasts", Keys({}));
  const std::unique_ptr<Probe> probe = Make(spec);
  const std::string changed =
      "version: STSv1\\nmode: enforce\\nmx: *.alpha.test\\nmax_age: 99999\\n";
  for (const std::string& script :
       {Serve(kPolicy), Serve(kPolicy), Serve(changed), Serve(changed), Serve(changed)}) {
    scripted_.AddFor("192.0.2.8:443", script);
  }
  EXPECT_EQ(FindingsText(RunAll(*probe, spec).front()), "");
  EXPECT_EQ(FindingsText(RunAll(*probe, spec).front()), "");
  EXPECT_EQ(FindingsText(RunAll(*probe, spec).front()), "mtasts_id_not_bumped");
  EXPECT_EQ(FindingsText(RunAll(*probe, spec).front()), "mtasts_id_not_bumped");
  Record("v=STSv1; id=2");
  EXPECT_EQ(FindingsText(RunAll(*probe, spec).front()), "");
}

}  // namespace
}  // namespace postwatch::agent
