#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

using RoundtripLettersTest = RoundtripFixture;

// Another check of this agent had a letter sent now, and delivered.
void NoteDelivery(FakeLedger& ledger, absl::Time sent, char digit) {
  LedgerEntry entry;
  entry.probe_id = std::string(32, digit);
  entry.check_id = "beta.test/roundtrip";
  entry.sent = sent;
  ASSERT_TRUE(ledger.Sent(entry).ok());
  ASSERT_TRUE(ledger.Note(entry.probe_id, LetterEvent::kDelivered).ok());
}

TEST_F(RoundtripLettersTest, ALetterNotSeenWithinTheHorizonIsLost) {
  server_.delivery = std::nullopt;
  const std::string missed = RunTrip().id;
  server_.delivery = absl::ZeroDuration();
  clock_.Advance(absl::Hours(23));
  RunTrip();
  EXPECT_EQ(seen_.size(), 1u);
  clock_.Advance(absl::Hours(1));
  RunTrip();
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(Summary(seen_[1]), "fail delivery_lost at delivery");
  RunTrip();
  EXPECT_EQ(seen_.size(), 1u);
}

TEST_F(RoundtripLettersTest, ALostLetterThatComesAfterAllAmendsAgain) {
  Configure({{"lost_after", Text("1h")}});
  server_.delivery = absl::Hours(3);
  const std::string missed = RunTrip().id;
  server_.delivery = absl::ZeroDuration();
  clock_.Advance(absl::Hours(2));
  RunTrip();
  EXPECT_EQ(Summary(seen_.at(1)), "fail delivery_lost at delivery");
  clock_.Advance(absl::Hours(2));
  RunTrip();
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(FindingsText(seen_[1]), "delivered_late");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripLettersTest, LostWhileOthersArriveSmellsOfQuarantine) {
  server_.delivery = std::nullopt;
  RunTrip();
  NoteDelivery(ledger_, clock_.Now(), 'c');
  clock_.Advance(absl::Hours(25));
  server_.delivery = absl::ZeroDuration();
  RunTrip();
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(Summary(seen_[1]), "fail quarantined_suspected at delivery");
}

TEST_F(RoundtripLettersTest, ThreeInARowThatVanishWhileOthersArriveAreSuspectedEarly) {
  server_.delivery = std::nullopt;
  EXPECT_EQ(FindingsText(RunTrip()), "");
  EXPECT_EQ(FindingsText(RunTrip()), "");
  EXPECT_EQ(FindingsText(RunTrip()), "");  // the others may be as bad
  NoteDelivery(ledger_, clock_.Now(), 'c');
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail delivery_delayed at delivery");
  EXPECT_EQ(FindingsText(seen), "quarantined_suspected");
}

TEST_F(RoundtripLettersTest, ALetterInAnotherMailboxIsMisrouted) {
  Configure({{"receive_from", MailboxKeys({{"address", Text("other@alpha.test")}})}});
  server_.second_user = "probe@alpha.test";
  server_.deliver_to = "second";
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail misrouted at delivery");
  EXPECT_EQ(seen.failure->detail,
            "the letter to other@alpha.test arrived at probe@alpha.test instead");
  EXPECT_TRUE(server_.Folder("second").empty());
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(RoundtripLettersTest, OneThatComesThereLaterIsFoundByTheJanitor) {
  GiveTime();
  Configure({{"receive_from", MailboxKeys({{"address", Text("other@alpha.test")}})}});
  server_.second_user = "probe@alpha.test";
  server_.deliver_to = "second";
  server_.delivery = absl::Hours(1);
  const std::string missed = RunTrip().id;
  server_.deliver_to = "INBOX";
  server_.delivery = absl::ZeroDuration();
  clock_.Advance(absl::Hours(6));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(Summary(seen_[1]), "fail misrouted at delivery");
  EXPECT_TRUE(server_.Folder("second").empty());
}

TEST_F(RoundtripLettersTest, ACopyInTheSpamFolderIsADuplicate) {
  GiveTime();
  server_.Put("Junk", "Subject: spam\r\n\r\nx\r\n");
  EXPECT_EQ(Summary(RunTrip()), "pass");  // learns which folder that is
  server_.also_deliver_to = "Junk";
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingDetail(seen, FailureClass::kDuplicate),
            "the letter arrived in the INBOX and in the folder Junk");
  EXPECT_EQ(server_.Folder("Junk").size(), 1u);
}

TEST_F(RoundtripLettersTest, ACopyThatComesLaterIsADuplicateToo) {
  EXPECT_EQ(Summary(RunTrip()), "pass");
  server_.Put("INBOX", server_.letters[0]);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "duplicate");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_EQ(seen_.size(), 1u);
}

TEST_F(RoundtripLettersTest, ABounceWithoutPartsIsReadToo) {
  server_.on_delivery = [](const std::string& letter) {
    return Concat("From: MAILER-DAEMON@alpha.test\r\nSubject: failure notice\r\n\r\n",
                  "Hi. This is the qmail-send program at alpha.test.\r\n\r\n",
                  "<probe@alpha.test>:\r\n",
                  "Sorry, no mailbox here by that name. (#5.1.1)\r\n\r\n",
                  "--- Below this line is a copy of the message.\r\n\r\n", letter);
  };
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail bounce at delivery");
  EXPECT_EQ(seen.failure->detail,
            "the letter came back: smtp_mailbox_unknown_perm: 550 5.1.1 Sorry, no mailbox here by "
            "that name. (#5.1.1)");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripLettersTest, ADelayNoticeIsAFindingAndTheLetterIsStillAwaited) {
  server_.also_deliver_to = "INBOX";
  server_.on_delivery = nullptr;
  server_.delivery = absl::Seconds(2);
  server_.deliver_to = "nowhere";
  const auto notice = [this] {
    server_.Put(
        "INBOX",
        Concat("From: MAILER-DAEMON@alpha.test\r\nSubject: Warning: message delayed\r\n\r\n",
               "A message that you sent has not yet been delivered.\r\n\r\n",
               "  probe@alpha.test\r\n    Delay reason: 452 4.2.2 Mailbox full\r\n\r\n",
               server_.letters.back()),
        absl::Seconds(1));
  };
  server_.on_delivery = [&notice](std::string letter) {
    notice();
    return letter;
  };
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "delay_notice");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripLettersTest, ADelayNoticeThatComesAfterHoursAmendsAndTheLetterMayStillCome) {
  server_.delivery = absl::Hours(5);
  const std::string missed = RunTrip().id;
  server_.delivery = absl::ZeroDuration();
  clock_.Advance(absl::Hours(4));
  server_.Put("INBOX",
              Concat("From: MAILER-DAEMON@alpha.test\r\nContent-Type: multipart/report; "
                     "boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                     "Reporting-MTA: dns; mail\r\nOriginal-Envelope-Id: ",
                     TokenOf(server_.letters[0]),
                     "\r\n\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
                     "Diagnostic-Code: smtp; 451 4.4.1 no route\r\n\r\n--b--\r\n"));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(Summary(seen_[1]), "fail delay_notice at delivery");
  EXPECT_EQ(InboxSize(), 1u);  // the letter, which nobody is shown yet
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(FindingsText(seen_[1]), "delivered_late");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripLettersTest, AnAnswerToTheLetterIsNotTheLetter) {
  server_.on_delivery = [](const std::string& letter) {
    return Concat("Auto-Submitted: auto-replied\r\nIn-Reply-To: <", TokenOf(letter),
                  "@alpha.test>\r\n\r\nI am away.\r\n");
  };
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail delivery_delayed at delivery");
  EXPECT_EQ(Fact(seen, "ignored.replies"), "1");
}

TEST_F(RoundtripLettersTest, AfterAChangedUidvalidityTheLetterIsStillFoundAndNothingElseDeleted) {
  server_.Put("INBOX", "Subject: a person\r\n\r\nx\r\n");
  server_.delivery = absl::Seconds(12);
  server_.drop_imap_after_idles = 1;
  server_.on_delivery = [this](std::string letter) {
    server_.uid_validity = 99;
    return letter;
  };
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "imap_uidvalidity_changed");
  EXPECT_EQ(InboxSize(), 1u);
}

}  // namespace
}  // namespace postwatch::agent
