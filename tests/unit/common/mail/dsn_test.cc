#include "common/mail/dsn.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_replace.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

// tests/testdata/dsn/<name>.eml, with the line ends of mail.
std::string Letter(const std::string& name) {
  std::ifstream in(Concat(POSTWATCH_TESTDATA, "/dsn/", name, ".eml"));
  EXPECT_TRUE(in.good()) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return absl::StrReplaceAll(text.str(), {{"\n", "\r\n"}});
}

// "form action address code enhanced class message-id"
std::string Summary(const std::optional<Dsn>& dsn) {
  if (!dsn.has_value()) return "none";
  const DsnRecipient& main = MainRecipient(*dsn);
  return Join(std::vector<std::string>{std::string(DsnFormName(dsn->form)),
                                       std::string(DsnActionName(main.action)), main.address,
                                       Concat(main.reply.code), main.reply.enhanced,
                                       std::string(main.cause.klass), dsn->message_id},
              " ");
}

std::string Read(const std::string& name) { return Summary(ReadDsn(Letter(name))); }

TEST(DsnTest, TheStandardFormIsReadWhole) {
  const std::optional<Dsn> dsn = ReadDsn(Letter("postfix_unknown_user"));
  EXPECT_EQ(Summary(dsn),
            "standard failed probe@example.com 550 5.1.1 smtp_mailbox_unknown_perm "
            "<letter-1@example.net>");
  ASSERT_TRUE(dsn.has_value());
  EXPECT_EQ(dsn->envelope_id, "probe-envelope-1");
  EXPECT_EQ(dsn->reporting_mta, "mail.example.net");
  ASSERT_EQ(dsn->recipients.size(), 1u);
  EXPECT_EQ(dsn->recipients[0].original, "probe-alias@example.com");
  EXPECT_EQ(dsn->recipients[0].remote_mta, "mx.example.com");
  EXPECT_TRUE(dsn->recipients[0].told_code);
  EXPECT_EQ(dsn->recipients[0].reply.text,
            "<probe@example.com>: Recipient address rejected: User unknown in virtual mailbox "
            "table");
}

TEST(DsnTest, ADelayIsNotAFailure) {
  EXPECT_EQ(Read("postfix_delay"),
            "standard delayed probe@example.com 450 4.4.1 smtp_routing_temp "
            "<letter-2@example.net>");
  EXPECT_FALSE(ReadDsn(Letter("postfix_delay"))->recipients[0].told_code);
  EXPECT_EQ(Read("exim_delay"), "exim delayed probe@example.com 452 4.2.2 smtp_mailbox_full_temp ");
}

TEST(DsnTest, EachRecipientHasAGroupAndTheFailedOneSaysMost) {
  const std::optional<Dsn> dsn = ReadDsn(Letter("two_recipients"));
  EXPECT_EQ(Summary(dsn), "standard failed full@example.com 550 5.2.2 smtp_mailbox_full_perm ");
  ASSERT_EQ(dsn->recipients.size(), 2u);
  EXPECT_EQ(dsn->recipients[0].action, DsnAction::kRelayed);
  EXPECT_EQ(dsn->recipients[0].address, "relayed@example.com");
  EXPECT_EQ(dsn->recipients[0].cause.klass, "");
  EXPECT_EQ(dsn->recipients[1].reply.text,
            "The recipient's inbox is out of storage space. Please direct the recipient to the "
            "help page over quota");
}

TEST(DsnTest, EximWritesForPeople) {
  EXPECT_EQ(Read("exim_failure"),
            "exim failed probe@example.com 550 5.1.1 smtp_mailbox_unknown_perm "
            "<letter-3@example.net>");
  EXPECT_EQ(Read("exim_retry_timeout"),
            "exim failed probe@example.com 451 4.7.1 smtp_greylisted <letter-4@example.net>");
}

TEST(DsnTest, QmailWritesForPeople) {
  EXPECT_EQ(Read("qmail_remote"),
            "qmail failed probe@example.com 554 5.7.1 smtp_blocklisted_perm "
            "<letter-5@example.net>");
  EXPECT_EQ(Read("qmail_local"),
            "qmail failed probe@example.com 550 5.1.1 smtp_mailbox_unknown_perm "
            "<letter-6@example.net>");
  EXPECT_EQ(ReadDsn(Letter("qmail_local"))->recipients[0].reply.text,
            "Sorry, no mailbox here by that name. (#5.1.1)");
}

TEST(DsnTest, ExchangeWritesForPeople) {
  EXPECT_EQ(Read("exchange_free_text"),
            "exchange failed probe@example.com 550 5.1.1 smtp_mailbox_unknown_perm "
            "<letter-7@example.net>");
  EXPECT_EQ(Read("exchange_old"),
            "exchange failed probe@example.com 552 5.2.2 smtp_mailbox_full_perm ");
}

TEST(DsnTest, SendmailAndOthersToo) {
  EXPECT_EQ(Read("sendmail_old"),
            "sendmail failed probe@example.com 550 5.7.1 smtp_relay_denied_perm ");
  EXPECT_EQ(Read("foreign_language"), "other failed probe@example.com 552 5.3.4 smtp_size ");
}

TEST(DsnTest, WhatIsNoNoticeIsNone) {
  EXPECT_EQ(Read("vacation"), "none");
  EXPECT_EQ(Read("not_a_notice"), "none");
  EXPECT_EQ(Summary(ReadDsn("")), "none");
  EXPECT_EQ(Summary(ReadDsn("\r\n\r\n")), "none");
}

TEST(DsnTest, WithoutAnActionTheStatusTells) {
  const std::string head =
      "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
      "Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\n";
  EXPECT_EQ(Summary(ReadDsn(head + "Status: 4.4.7\r\n\r\n--b--\r\n")),
            "standard delayed a@b.test 450 4.4.7 smtp_routing_temp ");
  EXPECT_EQ(Summary(ReadDsn(head + "Status: 2.1.5\r\n\r\n--b--\r\n")),
            "standard delivered a@b.test 550 2.1.5  ");
}

TEST(DsnTest, WhatAPeerCanSendIsBounded) {
  std::string many =
      "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
      "Content-Type: message/delivery-status\r\n\r\n";
  for (int i = 0; i < 60; ++i)
    many += "\r\nFinal-Recipient: rfc822; a@b.test\r\nAction: failed\r\n";
  many += "Diagnostic-Code: smtp; 550 " + std::string(100000, 'x') + "\r\n\r\n--b--\r\n";
  const std::optional<Dsn> dsn = ReadDsn(many);
  ASSERT_TRUE(dsn.has_value());
  EXPECT_EQ(dsn->recipients.size(), 20u);
  const std::optional<Dsn> long_text =
      ReadDsn("X-Failed-Recipients: a@b.test\r\n\r\n550 " + std::string(200000, 'y'));
  ASSERT_TRUE(long_text.has_value());
  EXPECT_EQ(long_text->recipients[0].reply.text.size(), 1024u);
}

TEST(DsnTest, NumbersThatAreNoCodesAreNotTakenForOne) {
  const std::optional<Dsn> dsn = ReadDsn(
      "X-Failed-Recipients: a@b.test\r\n\r\nAfter 450 5 tries to 52.1.1.9, 5.1.1.9 gave up.\r\n");
  ASSERT_TRUE(dsn.has_value());
  EXPECT_FALSE(dsn->recipients[0].told_code);
  EXPECT_EQ(dsn->recipients[0].reply.enhanced, "");
}

}  // namespace
}  // namespace postwatch
