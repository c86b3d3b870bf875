#include "cli/init/providers.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

std::string Guess(const std::vector<std::string>& hosts) {
  return GuessProvider("example.com", hosts).name;
}

TEST(GuessProvider, KnowsThoseThatManyUse) {
  EXPECT_EQ(Guess({"aspmx.l.google.com", "alt1.aspmx.l.google.com"}), "google-workspace");
  EXPECT_EQ(Guess({"example-com.mail.protection.outlook.com"}), "microsoft-365");
  EXPECT_EQ(GuessProvider("example.com", {"in1-smtp.messagingengine.com"}).title, "Fastmail");
}

TEST(GuessProvider, ANameThatOnlyLooksLikeOneIsNone) {
  EXPECT_EQ(Guess({"mx.notgoogle.com"}), "notgoogle.com");
}

TEST(GuessProvider, ReadsOthersOffTheirServersNames) {
  EXPECT_EQ(Guess({"mx1.hoster.test", "mx2.hoster.test"}), "hoster.test");
  EXPECT_EQ(Guess({"mx.eu.hoster.test", "mx.us.hoster.test"}), "hoster.test");
  EXPECT_EQ(GuessProvider("example.com", {"mx1.hoster.test"}).title, "");
}

TEST(GuessProvider, ElseItIsTheDomain) {
  EXPECT_EQ(Guess({}), "example.com");
  EXPECT_EQ(Guess({"mx1.example.com", "mx2.example.com"}), "example.com");
  EXPECT_EQ(Guess({"example.com"}), "example.com");
  EXPECT_EQ(Guess({"mx.one.test", "mx.two.invalid"}), "example.com");  // nothing in common
  EXPECT_EQ(Guess({"mx1.one.test", "mx2.two.test"}), "example.com");   // a top level is nobody
}

TEST(SenderBehind, KnowsWhoIsIncluded) {
  EXPECT_EQ(SenderBehind("_spf.google.com"), "Google Workspace");
  EXPECT_EQ(SenderBehind("sendgrid.net"), "SendGrid");
  EXPECT_EQ(SenderBehind("example.com"), "");
}

}  // namespace
}  // namespace postwatch::cli
