#include "cli/explain/explain_reply.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

std::string Explain(std::string_view words) { return ExplainReply(words).value_or("nothing"); }

TEST(ExplainReply, SaysWhatTheCodesMeanAndWhichClassItIs) {
  const std::string text =
      Explain("452 4.2.2 The email account that you tried to reach is over quota");
  EXPECT_TRUE(
      text.starts_with("452    too little storage, or too many recipients at once; the "
                       "server refuses for now: senders\n"
                       "       try again.\n"
                       "4.2.2  the mailbox is full.\n"
                       "class  smtp_mailbox_full_temp (rule "))
      << text;
  EXPECT_NE(text.find("\n\nsmtp_mailbox_full_temp: "), text.npos) << text;
  EXPECT_NE(text.find("\nwhat to do    Free space"), text.npos) << text;
}

TEST(ExplainReply, TakesACodeAloneAndAnEnhancedOneAlone) {
  EXPECT_TRUE(Explain("421").starts_with("421    the service closes this connection"));
  EXPECT_TRUE(
      Explain("5.1.1").starts_with("5.1.1  the recipient's mailbox does not exist.\nclass  "
                                   "smtp_mailbox_unknown_perm (rule "))
      << Explain("5.1.1");
  EXPECT_EQ(Explain("250 2.1.5 Ok"),
            "250    done; the server agrees.\n2.1.5  the recipient's address is fine.\n");
}

TEST(ExplainReply, SaysWhereTheStageDecides) {
  const std::string text = Explain("550 no");
  EXPECT_NE(text.find("\n       but "), text.npos) << text;
}

TEST(ExplainReply, ReadsSeveralLines) {
  const std::string text = Explain(
      "550-5.7.1 Our system has detected that this message\n"
      "550 5.7.1 is likely unsolicited mail.");
  EXPECT_NE(text.find("5.7.1  not allowed"), text.npos) << text;
}

TEST(ExplainReply, OtherWordsAreNone) {
  for (const char* words : {"", "hello", "55", "5501", "600 x", "10 mx.example.com", "5.7", "3.7.1",
                            "550 mx.example.com", "1.2.3.4"}) {
    EXPECT_EQ(Explain(words), "nothing") << words;
  }
}

}  // namespace
}  // namespace postwatch::cli
