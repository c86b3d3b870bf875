#include "cli/check/resolver_views.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr const char* kA = "192.0.2.1:53";
constexpr const char* kB = "192.0.2.2:53";

Finding Saw(const char* resolver, std::map<std::string, std::string> facts) {
  return {.check = "dns.mx", .facts = std::move(facts), .resolvers = {resolver}};
}

Finding Failed(const char* resolver, FailureClass klass, std::string detail) {
  return {.check = "dns.mx",
          .outcome = Outcome::kFail,
          .klass = klass,
          .detail = std::move(detail),
          .resolvers = {resolver}};
}

// "pass by a, b" or "dns_servfail by a" each.
std::vector<std::string> Told(std::vector<std::vector<Finding>> views) {
  std::vector<std::string> told;
  for (const Finding& finding : MergeViews(std::move(views))) {
    told.push_back(Concat(finding.klass == FailureClass::kUnspecified
                              ? OutcomeName(finding.outcome)
                              : FailureClassName(finding.klass),
                          " by ", Join(finding.resolvers, " ")));
  }
  return told;
}

using Lines = std::vector<std::string>;

TEST(MergeViews, OneResolverIsNotNamed) {
  EXPECT_EQ(Told({{Saw(kA, {{"mx", "a"}})}}), Lines{"pass by "});
}

TEST(MergeViews, WhatAllSayIsToldOnce) {
  EXPECT_EQ(Told({{Saw(kA, {{"mx", "a, b"}, {"mx.ttl", "5m"}})},
                  {Saw(kB, {{"mx", "b, a"}, {"mx.ttl", "2m"}})}}),
            Lines{"pass by 192.0.2.1:53 192.0.2.2:53"});
  EXPECT_EQ(Told({{Failed(kA, FailureClass::kDnsServfail, "192.0.2.1:53 answered SERVFAIL")},
                  {Failed(kB, FailureClass::kDnsServfail, "192.0.2.2:53 answered SERVFAIL")}}),
            Lines{"dns_servfail by 192.0.2.1:53 192.0.2.2:53"});
}

TEST(MergeViews, WhatDiffersStaysApart) {
  EXPECT_EQ(Told({{Saw(kA, {{"mx", "a"}})}, {Saw(kB, {{"mx", "b"}})}}),
            (Lines{"pass by 192.0.2.1:53", "pass by 192.0.2.2:53"}));
  const std::vector<FailureClass> classes = {
      FailureClass::kDnsServfail, FailureClass::kDnsRefused, FailureClass::kDnsTimeout,
      FailureClass::kDnsNxdomain, FailureClass::kDnsNodata,  FailureClass::kDnsDnssecBogus};
  for (const FailureClass one : classes) {
    for (const FailureClass other : classes) {
      EXPECT_EQ(Told({{Failed(kA, one, "x")}, {Failed(kB, other, "x")}}).size(),
                one == other ? 1u : 2u);
    }
    Finding untested = Failed(kB, FailureClass::kUnspecified, "x");
    untested.outcome = Outcome::kNotTested;
    EXPECT_EQ(Told({{Failed(kA, one, "x")}, {untested}}).size(), 2u);
  }
}

TEST(MergeViews, TwoFindingsOfOneResolverStayTwo) {
  const Finding lame = Failed(kA, FailureClass::kDnsNsLame, "x");
  EXPECT_EQ(Told({{lame, lame}}), (Lines{"dns_ns_lame by ", "dns_ns_lame by "}));
  Finding other = lame;
  other.resolvers = {kB};
  EXPECT_EQ(Told({{lame, lame}, {other, other}}),
            (Lines{"dns_ns_lame by 192.0.2.1:53 192.0.2.2:53",
                   "dns_ns_lame by 192.0.2.1:53 192.0.2.2:53"}));
}

}  // namespace
}  // namespace postwatch::cli
