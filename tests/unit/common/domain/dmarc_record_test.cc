#include "common/domain/dmarc_record.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

DmarcRecord Read(std::string_view text) {
  const absl::StatusOr<DmarcRecord> record = ParseDmarcRecord(text);
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() ? *record : DmarcRecord();
}

std::string Mistake(std::string_view text) {
  return std::string(ParseDmarcRecord(text).status().message());
}

TEST(DmarcRecord, StartsWithItsVersion) {
  EXPECT_TRUE(IsDmarcRecord("v=DMARC1"));
  EXPECT_TRUE(IsDmarcRecord("v = DMARC1 ; p=none"));
  EXPECT_FALSE(IsDmarcRecord("v=dmarc1; p=none"));
  EXPECT_FALSE(IsDmarcRecord("p=none; v=DMARC1"));
  EXPECT_FALSE(IsDmarcRecord("v=DMARC10; p=none"));
  EXPECT_FALSE(IsDmarcRecord("v=spf1 -all"));
  EXPECT_EQ(Mistake("p=none"), "it does not start with v=DMARC1");
}

TEST(DmarcRecord, ReadsEveryTag) {
  const DmarcRecord record = Read(
      "v=DMARC1; p=Reject; sp=quarantine; np=none; adkim=s; aspf=r; fo=1:d:s; t=y; psd=n; "
      "rua=mailto:a@alpha.test,mailto:b@beta.test!5m; ruf=mailto:c@alpha.test");
  EXPECT_EQ(record.policy, DmarcPolicy::kReject);
  EXPECT_EQ(record.for_subdomains(), DmarcPolicy::kQuarantine);
  EXPECT_EQ(record.nonexistent_policy, DmarcPolicy::kNone);
  EXPECT_TRUE(record.testing);
  EXPECT_EQ(record.public_suffix, 'n');
  EXPECT_EQ(record.rua, (Lines{"mailto:a@alpha.test", "mailto:b@beta.test"}));
  EXPECT_EQ(record.ruf, Lines{"mailto:c@alpha.test"});
  EXPECT_EQ(record.mistakes, Lines{});
}

TEST(DmarcRecord, OldAndUnknownTagsAreNoMistake) {
  const DmarcRecord record = Read("v=DMARC1; p=quarantine; pct=30; rf=afrf; ri=86400; x=1");
  EXPECT_EQ(record.mistakes, Lines{});
  EXPECT_EQ(record.for_subdomains(), DmarcPolicy::kQuarantine);
  EXPECT_EQ(record.public_suffix, 'u');
}

TEST(DmarcRecord, WhatIsWrongWithATagLeavesTheRest) {
  const DmarcRecord record =
      Read("v=DMARC1; p=reject; sp=refuse; adkim=x; fo=2; t=maybe; psd=x; rua=a@alpha.test");
  EXPECT_EQ(record.policy, DmarcPolicy::kReject);
  EXPECT_EQ(record.mistakes, (Lines{"sp=refuse is none of none|quarantine|reject",
                                    "adkim=x is none of r|s", "t=maybe is none of y|n",
                                    "psd=x is none of y|n|u", "fo=2 is no list of 0, 1, d, s",
                                    "rua=: 'a@alpha.test' is not mailto:user@domain"}));
}

TEST(DmarcRecord, WithoutAPolicyOnlyReportsMakeItOne) {
  EXPECT_EQ(Mistake("v=DMARC1"), "there is no p=");
  EXPECT_EQ(Mistake("v=DMARC1; p=monitor"), "p=monitor is none of none|quarantine|reject");
  EXPECT_EQ(Mistake("v=DMARC1; p=none; reject"), "'reject' is not name=value");
  EXPECT_EQ(Mistake("v=DMARC1; p=none; p=reject"), "the tag p comes twice");
  const DmarcRecord reports = Read("v=DMARC1; rua=mailto:a@alpha.test");
  EXPECT_EQ(reports.policy, DmarcPolicy::kNone);
  EXPECT_EQ(reports.mistakes, Lines{"there is no p=, none is meant"});
}

TEST(DmarcPolicy, IsOneStepWeakerInTests) {
  EXPECT_EQ(EffectivePolicy(DmarcPolicy::kReject, true), DmarcPolicy::kQuarantine);
  EXPECT_EQ(EffectivePolicy(DmarcPolicy::kQuarantine, true), DmarcPolicy::kNone);
  EXPECT_EQ(EffectivePolicy(DmarcPolicy::kNone, true), DmarcPolicy::kNone);
  EXPECT_EQ(EffectivePolicy(DmarcPolicy::kReject, false), DmarcPolicy::kReject);
  EXPECT_EQ(DmarcPolicyName(DmarcPolicy::kQuarantine), "quarantine");
  EXPECT_EQ(ParseDmarcPolicy("reject"), DmarcPolicy::kReject);
  EXPECT_EQ(ParseDmarcPolicy(""), std::nullopt);
}

}  // namespace
}  // namespace postwatch
