#include "common/domain/dmarc_tree.h"

#include <gtest/gtest.h>

#include "tests/support/fake_resolver.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

class DmarcTreeTest : public ::testing::Test {
 protected:
  DmarcTreeTest() { resolver_.Otherwise(RcodeReply(Rcode::kNxDomain)); }

  void Record(std::string domain, std::vector<std::string> texts) {
    resolver_.On("_dmarc." + domain, RrType::kTxt, TxtReply(std::move(texts)));
  }
  DmarcTree Walk(std::string domain) { return RunTask(WalkDmarcTree(resolver_, domain)); }
  // The domain whose record counts; "" for none.
  static std::string Source(const DmarcTree& tree) {
    return tree.Applicable() == nullptr ? "" : tree.Applicable()->domain;
  }

  FakeResolver resolver_;
};

TEST_F(DmarcTreeTest, AsksAtMostEightTimes) {
  EXPECT_EQ(DmarcTreeDomains("Mail.Alpha.Test."), (Lines{"mail.alpha.test", "alpha.test", "test"}));
  EXPECT_EQ(DmarcTreeDomains("test"), Lines{"test"});
  EXPECT_EQ(DmarcTreeDomains("a.b.c.d.e.f.g.h.i.j.mail.alpha.test"),
            (Lines{"a.b.c.d.e.f.g.h.i.j.mail.alpha.test", "g.h.i.j.mail.alpha.test",
                   "h.i.j.mail.alpha.test", "i.j.mail.alpha.test", "j.mail.alpha.test",
                   "mail.alpha.test", "alpha.test", "test"}));
  EXPECT_EQ(DmarcTreeDomains("a.b.c.d.e.f.alpha.test").size(), 8u);
}

TEST_F(DmarcTreeTest, TheOwnRecordCountsFirst) {
  Record("mail.alpha.test", {"v=DMARC1; p=reject"});
  Record("alpha.test", {"v=DMARC1; p=none"});
  const DmarcTree tree = Walk("mail.alpha.test");
  EXPECT_EQ(Source(tree), "mail.alpha.test");
  EXPECT_EQ(tree.OrganizationalDomain(), "alpha.test");
}

TEST_F(DmarcTreeTest, ElseThatOfTheOrganizationalDomain) {
  EXPECT_EQ(Source(Walk("a.mail.alpha.test")), "");
  EXPECT_EQ(Walk("a.mail.alpha.test").OrganizationalDomain(), "a.mail.alpha.test");
  Record("mail.alpha.test", {"v=DMARC1; p=reject"});
  Record("alpha.test", {"v=DMARC1; p=none"});
  EXPECT_EQ(Source(Walk("a.mail.alpha.test")), "alpha.test");
}

TEST_F(DmarcTreeTest, PsdEndsTheWalk) {
  Record("mail.alpha.test", {"v=DMARC1; p=reject; psd=n"});
  Record("alpha.test", {"v=DMARC1; p=none"});
  const DmarcTree own = Walk("a.mail.alpha.test");
  EXPECT_EQ(own.OrganizationalDomain(), "mail.alpha.test");
  EXPECT_EQ(Source(own), "mail.alpha.test");
  Record("bank", {"v=DMARC1; p=reject; psd=y"});
  const DmarcTree suffix = Walk("a.mail.beta.bank");
  EXPECT_EQ(suffix.OrganizationalDomain(), "beta.bank");
  EXPECT_EQ(Source(suffix), "bank");
  Record("beta.bank", {"v=DMARC1; p=none"});
  EXPECT_EQ(Source(Walk("a.mail.beta.bank")), "beta.bank");
}

TEST_F(DmarcTreeTest, WhatCannotBeUsedIsPassedBy) {
  Record("mail.alpha.test", {"v=DMARC1; p=reject", "v=DMARC1; p=none"});
  Record("alpha.test", {"v=DMARC1; p=no"});
  Record("test", {"other", "v=DMARC1; p=none"});
  EXPECT_EQ(Source(Walk("mail.alpha.test")), "test");
}

TEST_F(DmarcTreeTest, AFailureIsNoAbsence) {
  resolver_.On("_dmarc.alpha.test", RrType::kTxt, RcodeReply(Rcode::kServFail));
  const DmarcTree tree = Walk("mail.alpha.test");
  ASSERT_TRUE(tree.failure.has_value());
  EXPECT_EQ(tree.failure->message.rcode, Rcode::kServFail);
  EXPECT_EQ(tree.failed.name, "_dmarc.alpha.test");
  EXPECT_EQ(resolver_.asked().size(), 2u);
}

}  // namespace
}  // namespace postwatch
