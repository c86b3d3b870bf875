#include "cli/reply_tally.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr char kGreylisted[] =
    "Nov 23 10:00:00 relay postfix/smtp[1]: 4X: to=<b@b.example>, relay=mx[192.0.2.1]:25, delay=1, "
    "dsn=4.2.0, status=deferred (host mx[192.0.2.1] said: 450 4.2.0 <b@b.example>: Recipient "
    "address rejected: Greylisted, see http://postgrey.example/ (in reply to RCPT TO command))";
constexpr char kSent[] =
    "Nov 23 10:00:00 relay postfix/smtp[1]: 4X: to=<b@b.example>, relay=mx[192.0.2.1]:25, delay=1, "
    "dsn=2.0.0, status=sent (250 2.0.0 Ok)";

TEST(ReplyTally, CountsByClassAndRule) {
  ReplyTally tally(SmtpStage::kRcpt);
  tally.Take(kGreylisted);
  tally.Take(kSent);
  tally.Take(kGreylisted);
  tally.Take("Nov 23 10:00:00 relay cron[1]: nothing of ours");
  EXPECT_EQ(tally.Text(false),
            "   COUNT  EVENT       CLASS                        RULE                            "
            "EXAMPLE\n"
            "       2  deferred    smtp_greylisted              postgrey.greylisted             "
            "450 4.2.0 * recipient address rejected: greylisted, see *\n"
            "\n4 lines, 3 results: 1 good, 2 bad, 0 of these without a rule of their own\n");
}

TEST(ReplyTally, BareRepliesMayHaveSeveralLines) {
  ReplyTally tally(SmtpStage::kAuth);
  tally.Take("535-5.7.8 Username and Password not accepted. For more\r");
  tally.Take("535 5.7.8 go to https://support.example a1 - gsmtp\r");
  tally.Take("535-5.7.8 begun");
  tally.Take("but never ended");
  tally.Take("250 2.0.0 Ok");
  EXPECT_EQ(tally.understood(), 2u);
  EXPECT_EQ(
      tally.Json(),
      R"({"version":1,"lines":5,"too_long":0,"results":2,"good":1,"classes":[)"
      R"({"class":"smtp_auth_failed","rule":"gmail.bad-credentials","event":"replied",)"
      R"("count":1,"example":"535 5.7.8 username and password not accepted. for more go to * )"
      R"(* - gsmtp"}],"unknown":[],"unknown_left_out":0})");
}

TEST(ReplyTally, ListsWhatNoRuleWasWrittenFor) {
  ReplyTally tally(SmtpStage::kRcpt);
  tally.Take("550 go away b@b.example");
  tally.Take("550 go away c@c.example");
  tally.Take("554 not \x1b[31mtoday");
  tally.Take("550 5.1.1 no such user");
  EXPECT_EQ(tally.Text(true), "       2  550 go away *\n       1  554 not *\n");
}

TEST(ReplyTally, KeepsSoManyTextsAndNoMore) {
  ReplyTally tally(SmtpStage::kRcpt);
  for (int i = 0; i < 10'060; ++i) {
    std::string word;
    for (int rest = i + 1; rest > 0; rest /= 26) word += static_cast<char>('a' + rest % 26);
    tally.Take(Concat("550 go ", word, " away"));
  }
  tally.TakeTooLong();
  const std::string text = tally.Text(true);
  EXPECT_EQ(std::ranges::count(text, '\n'), 10'001);
  EXPECT_NE(text.find(" more of other texts\n"), std::string::npos);
  EXPECT_NE(tally.Text(false).find("1 lines over 64 KiB were skipped"), std::string::npos);
}

TEST(ReplyTally, CountsTheRecipientsOfABounce) {
  Dsn dsn;
  DsnRecipient failed;
  failed.reply = {550, "5.1.1", "no such user"};
  failed.cause = ClassifySmtpReply(SmtpStage::kRcpt, failed.reply);
  DsnRecipient delivered;
  delivered.action = DsnAction::kDelivered;
  dsn.recipients = {failed, delivered};
  ReplyTally tally(SmtpStage::kRcpt);
  tally.Take(dsn);
  EXPECT_NE(tally.Text(false).find("failed      smtp_mailbox_unknown_perm    text.no-user"),
            std::string::npos);
  EXPECT_NE(tally.Text(false).find("2 results: 1 good, 1 bad"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::cli
