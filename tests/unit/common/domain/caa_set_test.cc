#include "common/domain/caa_set.h"

#include <gtest/gtest.h>

#include "tests/support/fake_resolver.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

CaaRecord Caa(std::string tag, std::string value, bool critical = false) {
  CaaRecord record;
  record.critical = critical;
  record.tag = std::move(tag);
  record.value = std::move(value);
  return record;
}

TEST(CaaSet, NamesWhoMayIssue) {
  const CaaSet set =
      ReadCaaSet({Caa("ISSUE", "Letsencrypt.org; validationmethods=dns-01"),
                  Caa("issue", "ca.test"), Caa("issuewild", ";"), Caa("issuemail", "mail.test"),
                  Caa("iodef", "mailto:security@alpha.test")});
  EXPECT_EQ(set.issue, (Lines{"letsencrypt.org", "ca.test"}));
  EXPECT_EQ(set.issuewild, Lines{""});
  EXPECT_EQ(set.issuemail, Lines{"mail.test"});
  EXPECT_EQ(set.iodef, Lines{"mailto:security@alpha.test"});
  EXPECT_EQ(set.mistakes, Lines{});
  EXPECT_TRUE(set.Allows("LetsEncrypt.org"));
  EXPECT_FALSE(set.Allows("other.test"));
  EXPECT_FALSE(set.AllowsNobody());
}

TEST(CaaSet, WithoutIssueAnybodyMay) {
  const CaaSet set = ReadCaaSet({Caa("iodef", "mailto:security@alpha.test"), Caa("x-own", "1")});
  EXPECT_TRUE(set.Allows("letsencrypt.org"));
  EXPECT_EQ(set.mistakes, Lines{});
}

TEST(CaaSet, ASemicolonAloneForbidsAll) {
  const CaaSet set = ReadCaaSet({Caa("issue", " ; ")});
  EXPECT_TRUE(set.AllowsNobody());
  EXPECT_FALSE(set.Allows("letsencrypt.org"));
  EXPECT_EQ(set.mistakes, Lines{});
  EXPECT_FALSE(ReadCaaSet({Caa("issue", ";"), Caa("issue", "ca.test")}).AllowsNobody());
}

TEST(CaaSet, WhatCannotBeReadForbids) {
  const CaaSet set = ReadCaaSet({Caa("issue", "https://letsencrypt.org"),
                                 Caa("issue", "ca.test; account"), Caa("iodef", "me@alpha.test")});
  EXPECT_FALSE(set.Allows("letsencrypt.org"));
  EXPECT_EQ(set.mistakes,
            (Lines{"issue 'https://letsencrypt.org' names no authority, so that it forbids all",
                   "issue 'ca.test; account' names no authority, so that it forbids all",
                   "iodef 'me@alpha.test' is not mailto: nor https://"}));
}

TEST(CaaSet, AnUnknownCriticalPropertyForbidsAll) {
  const CaaSet set = ReadCaaSet({Caa("issue", "ca.test"), Caa("isue", "ca.test", true)});
  EXPECT_FALSE(set.Allows("ca.test"));
  EXPECT_TRUE(set.AllowsNobody());
  EXPECT_EQ(set.mistakes, Lines{"nobody knows the property 'isue', and it is critical, so that no "
                                "authority may issue"});
  EXPECT_TRUE(ReadCaaSet({Caa("contactemail", "x", true)}).Allows("ca.test"));
  EXPECT_EQ(CaaText(Caa("isue", "ca.test", true)), "128 isue ca.test");
}

class FindCaaTest : public ::testing::Test {
 protected:
  FindCaaTest() { resolver_.Otherwise(NoDataReply()); }
  CaaLookup Find(std::string name) { return RunTask(FindCaa(resolver_, std::move(name))); }

  FakeResolver resolver_;
};

TEST_F(FindCaaTest, ClimbsToTheClosest) {
  resolver_.On("alpha.test", RrType::kCaa,
               RecordsReply({MakeRecord(RrType::kCaa, Caa("issue", "ca.test"))}));
  const CaaLookup lookup = Find("Mx.Mail.alpha.test.");
  EXPECT_EQ(lookup.domain, "alpha.test");
  ASSERT_EQ(lookup.records.size(), 1u);
  EXPECT_EQ(lookup.records[0].value, "ca.test");
  EXPECT_EQ(resolver_.asked().size(), 3u);
  EXPECT_EQ(Find("beta.test").domain, "");
}

TEST_F(FindCaaTest, RecordsOfANameThatDoesNotExistAreNobodys) {
  DnsReply reply = RecordsReply({MakeRecord(RrType::kCaa, Caa("issue", "ca.test"))});
  reply.message.rcode = Rcode::kNxDomain;
  resolver_.On("mx.alpha.test", RrType::kCaa, reply);
  const CaaLookup lookup = Find("mx.alpha.test");
  EXPECT_EQ(lookup.domain, "");
  EXPECT_TRUE(lookup.records.empty());
}

TEST_F(FindCaaTest, AFailureIsNoAbsence) {
  resolver_.On("alpha.test", RrType::kCaa, RcodeReply(Rcode::kServFail));
  const CaaLookup lookup = Find("mx.alpha.test");
  ASSERT_TRUE(lookup.failure.has_value());
  EXPECT_EQ(lookup.failed.name, "alpha.test");
  EXPECT_EQ(lookup.domain, "");
}

}  // namespace
}  // namespace postwatch
