#include "cli/init/domain_portrait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/check/one_shot.h"

namespace postwatch::cli {
namespace {

using Texts = std::vector<std::string>;

Finding Result(const std::string& check, std::map<std::string, std::string> facts) {
  Finding finding{.check = check};
  finding.facts = std::move(facts);
  return finding;
}

DomainPortrait Of(std::vector<Finding> findings) {
  return MakePortrait({.domain = "a.test", .findings = std::move(findings)});
}

TEST(PortraitKinds, CanBeRunAtOnce) {
  EXPECT_THAT(OneShotKinds(), testing::IsSupersetOf(PortraitKinds()));
}

TEST(MakePortrait, TakesTheFactsOfEachCheck) {
  const DomainPortrait seen =
      Of({Result("dns.mx", {{"mx", "10 MX1.a.test, 20 mx2.a.test"}}),
          Result("dns.spf", {{"spf", "v=spf1 mx -all"}}),
          Result("dns.dmarc", {{"dmarc.policy", "reject"}}),
          Result("dns.dkim", {{"dkim.selectors", "mail, s1"}}),
          Result("dns.mtasts", {{"mtasts", "enforce"}}), Result("dns.tlsa", {{"dane", "none"}}),
          Result("dns.dnssec", {{"dnssec", "unsigned"}}),
          Result("reg.rdap", {{"rdap.registrar", "R"}, {"rdap.expires", "2027-01-01"}})});
  EXPECT_TRUE(seen.exists);
  EXPECT_EQ(seen.mx_hosts, (Texts{"mx1.a.test", "mx2.a.test"}));
  EXPECT_EQ(seen.spf, "v=spf1 mx -all");
  EXPECT_EQ(seen.dmarc_policy, "reject");
  EXPECT_EQ(seen.dkim_selectors, (Texts{"mail", "s1"}));
  EXPECT_EQ(seen.mtasts, "enforce");
  EXPECT_TRUE(seen.spf_works);
  EXPECT_TRUE(seen.unsigned_zone);
  EXPECT_FALSE(seen.dane);
  EXPECT_EQ(seen.expires, "2027-01-01");
}

TEST(MakePortrait, BelievesNoNameThatIsNone) {
  const DomainPortrait seen =
      Of({Result("dns.mx", {{"mx", "10 mx1.a.test, 20 x y.test, 30 a\nb.test, 0 ."}}),
          Result("dns.dkim", {{"dkim.selectors", "not known: none of the usual ones has a key"}})});
  EXPECT_EQ(seen.mx_hosts, Texts{"mx1.a.test"});
  EXPECT_EQ(seen.dkim_selectors, Texts{});
}

TEST(MakePortrait, TellsADomainThatIsNotThereAndOneWithoutMail) {
  Finding gone = Result("dns.mx", {});
  gone.outcome = Outcome::kFail;
  gone.klass = FailureClass::kDnsNxdomain;
  EXPECT_FALSE(Of({gone}).exists);
  gone.klass = FailureClass::kDnsNullMx;
  EXPECT_TRUE(Of({gone}).exists);
  EXPECT_TRUE(Of({gone}).takes_no_mail);
}

TEST(MakePortrait, ARecordThatIsInTroubleDoesNotWork) {
  Finding broken{.check = "dns.spf", .outcome = Outcome::kFail};
  broken.severity = FindingSeverity::kWarning;
  const DomainPortrait seen = Of({Result("dns.spf", {{"spf", "v=spf1 include:x"}}), broken});
  EXPECT_EQ(seen.spf, "v=spf1 include:x");
  EXPECT_FALSE(seen.spf_works);
}

TEST(MakePortrait, WhatHadNoAnswerIsUnasked) {
  Finding silent{.check = "dns.spf", .outcome = Outcome::kNotTested, .detail = "no answer"};
  Finding late{.check = "dns.dmarc", .outcome = Outcome::kFail, .klass = FailureClass::kDnsTimeout};
  const DomainPortrait seen = Of({Result("dns.mx", {{"mx", "10 mx1.a.test"}}), silent, late});
  EXPECT_EQ(seen.unasked, (std::set<std::string, std::less<>>{"dns.dmarc", "dns.spf"}));
  EXPECT_EQ(WhyBlind(seen), "");
}

TEST(WhyBlind, TellsTheFirstReasonWhenTheDnsToldNothing) {
  std::vector<Finding> findings;
  for (const std::string& kind : PortraitKinds()) {
    if (!kind.starts_with("dns.")) continue;
    findings.push_back({.check = kind, .outcome = Outcome::kNotTested, .detail = "no answer"});
  }
  EXPECT_EQ(WhyBlind(Of(findings)), "dns.mx: no answer");
  findings.back().outcome = Outcome::kPass;
  EXPECT_EQ(WhyBlind(Of(findings)), "");
}

TEST(MakePortrait, KeepsWhatIsWrongAndWhatWasNotSeen) {
  Finding weak{.check = "dns.dmarc", .outcome = Outcome::kFail, .detail = "no record"};
  weak.severity = FindingSeverity::kWarning;
  Finding note = weak;
  note.severity = FindingSeverity::kInfo;
  const Finding unseen{.check = "reg.rdap", .outcome = Outcome::kNotTested, .detail = "no server"};
  const DomainPortrait seen = Of({weak, note, unseen});
  EXPECT_EQ(seen.problems, Texts{"dns.dmarc: no record"});
  EXPECT_EQ(seen.unseen, Texts{"reg.rdap: no server"});
}

}  // namespace
}  // namespace postwatch::cli
