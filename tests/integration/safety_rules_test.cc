// The rules that a monitor which sends mail must keep (mail-domain.md 2.6), each by its number.
#include <algorithm>

#include "absl/strings/match.h"
#include "common/checks/check_kinds.h"
#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

using SafetyRulesTest = RoundtripFixture;

std::string MailLoopBounce(const std::string& letter) {
  return Concat("Content-Type: multipart/report; boundary=b\r\nSubject: Undelivered\r\n\r\n--b\r\n",
                "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail\r\n\r\n",
                "Action: failed\r\nStatus: 5.4.6\r\n",
                "Diagnostic-Code: smtp; 554 5.4.6 too many hops\r\n\r\n--b\r\n",
                "Content-Type: message/rfc822\r\n\r\n", letter, "\r\n--b--\r\n");
}

TEST_F(SafetyRulesTest, Rule1NoLetterToAnybodyWhoseMailboxIsNotOurs) {
  CheckSpec spec = Spec("roundtrip", Keys({{"mailbox", MailboxKeys()}}));
  EXPECT_EQ(Refusal(spec), "");
  for (const char* key : {"to", "alias"}) {
    CheckSpec stranger = spec;
    stranger.settings.Set(key, Text("somebody@else.test"));
    EXPECT_NE(Refusal(stranger).find("must be the address of the receiving mailbox"),
              std::string::npos)
        << key;
  }
  CheckSpec other = spec;
  other.settings.Set("receive_from", Keys({{"address", Text("other@beta.test")}}));
  EXPECT_NE(Refusal(other).find("receive_from.password"), std::string::npos);
  CheckSpec declared = spec;
  declared.settings.Set("reflector", Text("echo@gamma.test"));
  EXPECT_EQ(Refusal(declared), "");
}

TEST_F(SafetyRulesTest, Rule2NothingIsSentBecauseOfAMessage) {
  server_.Put("INBOX", "From: a@b\r\nDisposition-Notification-To: a@b\r\n\r\nread this\r\n");
  server_.Put("INBOX", "From: a@b\r\nAuto-Submitted: auto-replied\r\n\r\nI am away\r\n");
  server_.Put("INBOX", MailLoopBounce("Subject: not ours\r\n\r\nx\r\n"));
  server_.Put("INBOX", Concat("In-Reply-To: <", Signed(absl::Minutes(2)), "@x>\r\n\r\nwhat?\r\n"));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(server_.letters.size(), 1u);
  EXPECT_EQ(std::count_if(server_.smtp_commands.begin(), server_.smtp_commands.end(),
                          [](const std::string& line) { return line.starts_with("RCPT"); }),
            1);
  EXPECT_EQ(server_.letters[0].find("Disposition-Notification-To"), std::string::npos);
  EXPECT_EQ(InboxSize(), 4u);
}

TEST_F(SafetyRulesTest, Rule3AutomaticMessagesAndListsAreIgnoredAndCounted) {
  server_.Put("INBOX", "Auto-Submitted: auto-replied\r\n\r\nx\r\n");
  server_.Put("INBOX", MailLoopBounce("Subject: unknown token\r\n\r\nx\r\n"));
  server_.Put("INBOX", "List-Id: <l.test>\r\n\r\nx\r\n");
  server_.Put("INBOX", "Precedence: bulk\r\n\r\nx\r\n");
  server_.Put("INBOX", "Subject: a person\r\n\r\nx\r\n");
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(Fact(seen, "ignored.automatic"), "4");
  EXPECT_EQ(InboxSize(), 5u);
}

TEST_F(SafetyRulesTest, Rule4WithTenLettersMissingSendingStops) {
  server_.delivery = std::nullopt;
  for (int i = 0; i < 15; ++i) {
    RunTrip();
    clock_.Advance(absl::Seconds(10));
  }
  EXPECT_EQ(server_.letters.size(), 10u);
  clock_.Advance(12 * spec_.interval);  // then one, to see whether it is over
  RunTrip();
  RunTrip();
  EXPECT_EQ(server_.letters.size(), 11u);
}

TEST_F(SafetyRulesTest, Rule4NothingIsSentToAnOverfullMailbox) {
  for (int i = 0; i < 10001; ++i) server_.Put("INBOX", "Subject: x\r\n\r\n");
  EXPECT_EQ(Summary(RunTrip()),
            "not_tested: the mailbox holds 10001 messages, more than 10000; empty it");
  EXPECT_TRUE(server_.letters.empty());
}

TEST_F(SafetyRulesTest, Rule4ThreeFailedDeletionsStopTheSending) {
  server_.keeps_deleted = true;
  while (server_.letters.size() < 2) RunTrip();
  EXPECT_EQ(Summary(RunTrip()), "fail imap_delete_failed at scan");
  EXPECT_EQ(Summary(RunTrip()), "fail imap_delete_failed at scan");
  EXPECT_EQ(server_.letters.size(), 2u);
}

TEST_F(SafetyRulesTest, Rule4AMailLoopStopsTheSendingForSixHours) {
  server_.on_delivery = MailLoopBounce;
  EXPECT_EQ(Summary(RunTrip()), "fail bounce at delivery");
  server_.on_delivery = nullptr;
  clock_.Advance(absl::Hours(5));
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_loop at scan");
  EXPECT_EQ(server_.letters.size(), 1u);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Summary(RunTrip()), "pass");
}

TEST_F(SafetyRulesTest, Rule4ALetterThatPassedMoreThanThirtyServersIsALoop) {
  std::string hops;
  for (int i = 0; i < 31; ++i) hops += "Received: by mx.alpha.test; x\r\n";
  server_.on_delivery = [hops](const std::string& letter) { return hops + letter; };
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_loop at fetch");
  EXPECT_EQ(InboxSize(), 0u);
  server_.on_delivery = nullptr;
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_loop at scan");
  EXPECT_EQ(server_.letters.size(), 1u);
}

TEST_F(SafetyRulesTest, Rule4MoreThanTwoCopiesStopTheSending) {
  server_.copies = 2;
  EXPECT_EQ(FindingsText(RunTrip()), "duplicate");
  EXPECT_EQ(Summary(RunTrip()), "pass");
  server_.copies = 3;
  EXPECT_EQ(FindingsText(RunTrip()), "duplicate");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_EQ(RunTrip().outcome, Outcome::kNotTested);
  EXPECT_EQ(server_.letters.size(), 3u);
}

TEST_F(SafetyRulesTest, Rule4AnAutomaticResponderStopsTheSending) {
  const auto answers = [this] {
    server_.Put("INBOX", Concat("Auto-Submitted: auto-replied\r\nIn-Reply-To: <",
                                TokenOf(server_.letters.back()), "@x>\r\n\r\nI am away\r\n"));
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Summary(RunTrip()), "pass");
    answers();
  }
  EXPECT_EQ(Summary(RunTrip()),
            "not_tested: the mailbox holds 3 answers to our letters; turn the automatic responder "
            "off and delete them");
  EXPECT_EQ(server_.letters.size(), 3u);
}

TEST_F(SafetyRulesTest, Rule5LettersGoOutEveryFiveMinutesUnlessTold) {
  EXPECT_EQ(FindCheckKind("roundtrip")->interval, absl::Minutes(5));
}

TEST_F(SafetyRulesTest, Rule7OnlyWhatVerifiesIsDeletedAndByUid) {
  server_.Put("INBOX", "Subject: somebody is about to delete this\r\n\r\nhi\r\n");
  server_.Folder("INBOX")[0].deleted = true;
  const ProbeToken token{std::string(32, 'a'), "other", clock_.Now() - absl::Hours(24 * 30)};
  const std::string forged = SignToken(token, Secret(std::string("another key")));
  server_.Put("INBOX", Concat("X-Probe-Token: ", forged, "\r\n\r\nx\r\n"));
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "forged_or_foreign");
  EXPECT_EQ(InboxSize(), 2u);
  for (const std::string& command : server_.imap_commands) {
    const bool deletes =
        absl::StrContains(command, "EXPUNGE") || absl::StrContains(command, "STORE");
    EXPECT_TRUE(!deletes || absl::StrContains(command, " UID ")) << command;
  }
  EXPECT_EQ(FindingsText(RunTrip()), "");  // a forged one is told once
}

TEST_F(SafetyRulesTest, Rule8TheJanitorComesAtTheStartAndEverySixHours) {
  GiveTime();
  server_.keeps_sent = true;
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(FindingsText(seen_[0]), "");  // a copy in Sent is no duplicate
  EXPECT_TRUE(server_.Folder("Sent").empty());
  clock_.Advance(absl::Hours(3));
  RunTrip();
  EXPECT_EQ(server_.Folder("Sent").size(), 1u);
  clock_.Advance(absl::Hours(3));
  RunTrip();
  EXPECT_TRUE(server_.Folder("Sent").empty());
  Restart();
  server_.Put("Trash", Concat("X-Probe-Token: ", TokenOf(server_.letters[0]), "\r\n\r\nx\r\n"));
  server_.Put("Trash", "Subject: a person's\r\n\r\nx\r\n");
  RunTrip();
  EXPECT_EQ(server_.Folder("Trash").size(), 1u);
}

TEST_F(SafetyRulesTest, Rule8TheJanitorReportsALateLetterBeforeItGoes) {
  GiveTime();
  server_.delivery = absl::Minutes(10);
  server_.deliver_to = "Junk";
  const std::string missed = RunTrip().id;
  server_.delivery = absl::ZeroDuration();
  server_.deliver_to = "INBOX";
  clock_.Advance(absl::Hours(6));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(Summary(seen_[1]), "fail spam_foldered at delivery");
  EXPECT_TRUE(server_.Folder("Junk").empty());
}

TEST_F(SafetyRulesTest, Rule9ALetterThatIsAlmostAWeekLateIsMatched) {
  server_.delivery = absl::Hours(24 * 7) - absl::Minutes(10);
  const std::string missed = RunTrip().id;
  clock_.Advance(absl::Hours(24 * 7) - absl::Minutes(5));
  Restart();
  server_.delivery = absl::ZeroDuration();
  RunTrip();
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(Summary(seen_[1]), "pass");
  EXPECT_EQ(FindingsText(seen_[1]), "delivered_late");
  EXPECT_EQ(seen_[1].amends, missed);
}

TEST_F(SafetyRulesTest, Rule10AnotherReadersLetterIsLeftUntilNobodyCanWaitForIt) {
  GiveTime();
  server_.Put("INBOX", Concat("X-Probe-Token: ", Signed(absl::Hours(1)), "\r\n\r\nx\r\n"));
  LedgerEntry of_other_check;
  of_other_check.probe_id = std::string(32, 'b');
  of_other_check.check_id = "alpha.test/other";
  of_other_check.sent = clock_.Now();
  ASSERT_TRUE(ledger_.Sent(of_other_check).ok());
  server_.Put("INBOX", Concat("X-Probe-Token: ", Signed(absl::Hours(1), 'b'), "\r\n\r\nx\r\n"));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(FindingsText(seen_[0]), "");
  EXPECT_EQ(InboxSize(), 2u);
  clock_.Advance(absl::Hours(24 * 7));
  RunTrip();
  EXPECT_EQ(InboxSize(), 1u);  // the other check's is in the ledger and its own to delete
}

TEST_F(SafetyRulesTest, Rule11NoAddressIsAskedFor) {
  RunTrip();
  for (const std::string& command : server_.smtp_commands) {
    EXPECT_FALSE(command.starts_with("VRFY") || command.starts_with("EXPN")) << command;
  }
}

TEST_F(SafetyRulesTest, Rule13TheAgentSaysWhoItIs) {
  RunTrip();
  ASSERT_FALSE(server_.smtp_commands.empty());
  EXPECT_EQ(server_.smtp_commands[0], "EHLO agent.example.net");
}

TEST_F(SafetyRulesTest, Rule14NoSecretIsOnTheRecordWhateverFails) {
  const std::string fleet = secrets_["fleet"];
  for (const char* login : {"OK in", "NO [AUTHENTICATIONFAILED] correct-horse/9+ is wrong"}) {
    server_.login_reply = login;
    const Observation seen = RunTrip();  // which looks for the password in every form
    ExpectNoSecret(seen, fleet);
  }
  EXPECT_EQ(server_.letters[0].find(fleet), std::string::npos);
}

}  // namespace
}  // namespace postwatch::agent
