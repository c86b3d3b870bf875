#include <algorithm>

#include "absl/strings/str_replace.h"
#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

constexpr char kTouched[] =
    "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/imap provider:alpha site:192.0.2.3 "
    "cert:mail.alpha.test auth:alpha acct:probe@alpha.test mbox:probe@alpha.test "
    "svc:alpha/submission queue:alpha";

using RoundtripTest = RoundtripFixture;

TEST_F(RoundtripTest, SendsFindsVerifiesAndDeletes) {
  server_.delivery = absl::Milliseconds(300);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen),
            "dns connect tls greeting login select scan dns connect banner ehlo starttls tls ehlo2 "
            "auth mail rcpt data final quit delivery fetch expunge logout proof");
  EXPECT_EQ(TouchedText(seen), kTouched);
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("delivery.seconds"), "0.300");
  EXPECT_EQ(seen.evidence.facts.at("queue.id"), "Ok: queued as 4F2");
  EXPECT_EQ(seen.evidence.facts.at("integrity"), "exact");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_TRUE(ledger_.open_entries().empty());
  EXPECT_EQ(seen_.size(), 1u);
}

TEST_F(RoundtripTest, IdleFindsALetterThatTakesLonger) {
  server_.delivery = absl::Seconds(8);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.evidence.facts.at("delivery.seconds"), "8.000");
  EXPECT_GT(std::count(server_.imap_commands.begin(), server_.imap_commands.end(), "DONE"), 0);
}

TEST_F(RoundtripTest, WithoutIdleItAsks) {
  server_.has_idle = false;
  server_.delivery = absl::Milliseconds(3500);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.evidence.facts.at("delivery.seconds"), "4.000");
}

TEST_F(RoundtripTest, AMissingLetterIsDelayedNotLost) {
  server_.delivery = std::nullopt;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail delivery_delayed at delivery");
  EXPECT_EQ(seen.took, absl::Seconds(25));
  EXPECT_EQ(TouchedText(seen), kTouched);
  ASSERT_EQ(ledger_.open_entries().size(), 1u);
  const LedgerEntry& entry = ledger_.entries().begin()->second;
  EXPECT_TRUE(entry.reported_missing);
  EXPECT_EQ(entry.observation_id, seen.id);
  EXPECT_EQ(entry.check_id, spec_.id);
}

TEST_F(RoundtripTest, ALateLetterAmendsTheRunThatMissedIt) {
  server_.delivery = absl::Minutes(3);
  const std::string missed = RunTrip().id;
  clock_.Advance(absl::Minutes(5));
  server_.delivery = absl::ZeroDuration();
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(Summary(seen_[1]), "pass");
  EXPECT_EQ(FindingsText(seen_[1]), "delivered_late");
  EXPECT_EQ(TouchedText(seen_[1]), "queue:alpha");
  EXPECT_EQ(seen_[1].evidence.facts.at("delivery.seconds"), "325.000");
  EXPECT_EQ(seen_[1].check_id, spec_.id);
  EXPECT_NE(seen_[1].id, missed);
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_TRUE(ledger_.open_entries().empty());
  EXPECT_EQ(RunTrip().amends, "");
  EXPECT_EQ(seen_.size(), 1u);
}

TEST_F(RoundtripTest, ALateLetterAmendsAlsoAfterARestart) {
  server_.delivery = absl::Minutes(3);
  const std::string missed = RunTrip().id;
  clock_.Advance(absl::Minutes(5));
  server_.delivery = absl::ZeroDuration();
  Restart();
  RunTrip();
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripTest, TheDeadlineOfTheRunReportsTheLetterMissingToo) {
  server_.delivery = std::nullopt;
  server_.has_idle = false;
  Configure({{"delivery_deadline", Text("29900ms")}});
  spec_.timeout = absl::Seconds(20);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail delivery_delayed at delivery");
  EXPECT_EQ(seen.took, absl::Seconds(20));
  ASSERT_EQ(ledger_.open_entries().size(), 1u);
  EXPECT_TRUE(ledger_.entries().begin()->second.reported_missing);
}

TEST_F(RoundtripTest, ForeignMessagesAreNeverTouched) {
  server_.Put("INBOX", "Subject: hello\r\nFrom: a@b\r\n\r\nhi\r\n");
  server_.Put("INBOX", "Subject: [mail-probe] x\r\nX-Probe-Token: pw1.forged\r\n\r\nhi\r\n");
  ProbeToken token{std::string(32, 'a'), "other", clock_.Now() - absl::Minutes(1)};
  const Secret key("the fleet's key for tests");
  server_.Put("INBOX", Concat("X-Probe-Token: ", SignToken(token, key), "\r\n\r\nx\r\n"));
  server_.Put("INBOX",
              Concat("X-Probe-Token: ", SignToken(token, Secret("another key")), "\r\n\r\nx\r\n"));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 4u);
  for (const FakeMailServer::Message& message : server_.Folder("INBOX")) {
    EXPECT_FALSE(message.deleted);
  }
}

TEST_F(RoundtripTest, ALetterNobodyWaitsForAnyMoreIsRemoved) {
  ProbeToken token{std::string(32, 'a'), "other", clock_.Now() - absl::Hours(24 * 8)};
  const Secret key("the fleet's key for tests");
  server_.Put("INBOX", Concat("X-Probe-Token: ", SignToken(token, key), "\r\n\r\nx\r\n"));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_EQ(seen_.size(), 1u);
}

TEST_F(RoundtripTest, WithoutUidplusForeignDeletedMessagesStay) {
  server_.has_uidplus = false;
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 0u);
  server_.Put("INBOX", "Subject: somebody is about to delete this\r\n\r\nhi\r\n");
  server_.Folder("INBOX")[0].deleted = true;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "imap_delete_failed");
  EXPECT_EQ(InboxSize(), 2u);
}

TEST_F(RoundtripTest, AMailboxThatKeepsWhatIsDeletedIsNotFilledUp) {
  server_.keeps_deleted = true;
  EXPECT_EQ(FindingsText(RunTrip()), "imap_delete_failed");
  RunTrip();
  const size_t sent = server_.letters.size();
  EXPECT_EQ(Summary(RunTrip()), "fail imap_delete_failed at scan");
  EXPECT_EQ(server_.letters.size(), sent);
  server_.keeps_deleted = false;
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripTest, ABrokenAccessIsNeverALostLetter) {
  server_.refuse_connections = true;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail tcp_refused at connect");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/imap provider:alpha site:192.0.2.3");
  EXPECT_TRUE(server_.letters.empty());
  server_.refuse_connections = false;
  server_.select_reply = "NO [INUSE] locked";
  EXPECT_EQ(Summary(RunTrip()), "fail imap_inuse at select");
}

TEST_F(RoundtripTest, ARefusedEnvelopeIsClassifiedAndLeavesNoTrace) {
  server_.rcpt_reply = "452 4.2.2 mailbox full";
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail smtp_mailbox_full_temp at rcpt");
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(RoundtripTest, ARefusedLetterIsSettled) {
  server_.final_reply = "554 5.7.1 spam message rejected";
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail smtp_content_perm at final");
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(RoundtripTest, ALostAnswerToTheLetterIsNoFailureWhenItArrives) {
  server_.drop_after_dot = true;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "smtp_accept_unknown");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripTest, ALostAnswerAndNoLetterIsUnknown) {
  server_.silent_after_dot = true;
  server_.delivery = std::nullopt;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail smtp_accept_unknown at delivery");
  EXPECT_TRUE(ledger_.entries().begin()->second.reported_missing);
}

TEST_F(RoundtripTest, ALetterInTheSpamFolderIsFoundAndRemoved) {
  server_.deliver_to = "Junk";
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail spam_foldered at delivery");
  EXPECT_TRUE(server_.Folder("Junk").empty());
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(RoundtripTest, DamageIsToldFromAnAddition) {
  server_.on_delivery = [](std::string letter) {
    return absl::StrReplaceAll(letter, {{"a = b", "a - b"}, {"a =3D b", "a =2D b"}});
  };
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail corrupted_body at fetch");
  EXPECT_EQ(InboxSize(), 0u);
  server_.on_delivery = [](std::string letter) { return letter + "A footer.\r\n"; };
  const Observation rewritten = RunTrip();
  EXPECT_EQ(Summary(rewritten), "pass");
  EXPECT_EQ(FindingsText(rewritten), "rewritten");
}

TEST_F(RoundtripTest, ASecondCopyIsADuplicateAndRemovedToo) {
  server_.copies = 2;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "duplicate");
  EXPECT_EQ(InboxSize(), 0u);
}

std::string BounceOf(const std::string& letter) {
  return Concat(
      "Content-Type: multipart/report; boundary=b\r\nSubject: Undelivered\r\n\r\n--b\r\n"
      "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail\r\n\r\n"
      "Action: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 over quota\r\n\r\n"
      "--b\r\nContent-Type: message/rfc822\r\n\r\n",
      letter, "\r\n--b--\r\n");
}

TEST_F(RoundtripTest, ABounceEndsTheWaitWithItsDiagnostic) {
  server_.on_delivery = BounceOf;
  server_.delivery = absl::Seconds(2);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail bounce at delivery");
  EXPECT_NE(seen.failure->detail.find("smtp_mailbox_full_perm"), std::string::npos)
      << seen.failure->detail;
  EXPECT_EQ(seen.failure->reply->code, 552);
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(RoundtripTest, ABounceInAnotherSendersMailboxIsFoundAtTheDeadline) {
  Configure({{"receive_from", MailboxKeys({{"address", Text("other@alpha.test")}})}});
  server_.second_user = "probe@alpha.test";
  server_.deliver_to = "second";
  server_.on_delivery = BounceOf;
  server_.Put("second", "Subject: a bill\r\n\r\npay\r\n");
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail bounce at delivery");
  EXPECT_EQ(server_.Folder("second").size(), 1u);
  EXPECT_TRUE(ledger_.open_entries().empty());
  EXPECT_EQ(TouchedText(seen).find("mbox:probe@alpha.test"), std::string::npos);
}

TEST_F(RoundtripTest, ALateBounceAmendsToo) {
  server_.on_delivery = BounceOf;
  server_.delivery = absl::Minutes(1);
  const std::string missed = RunTrip().id;
  clock_.Advance(absl::Minutes(2));
  server_.on_delivery = nullptr;
  server_.delivery = absl::ZeroDuration();
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(Summary(seen_[1]), "fail bounce at delivery");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripTest, ALostImapConnectionIsOpenedAgain) {
  server_.delivery = absl::Seconds(12);
  server_.drop_imap_after_idles = 1;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(server_.imap_sessions, 3);  // the last one proves that the letter is gone
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(RoundtripTest, ASlowLetterIsAFinding) {
  Configure({{"slow_after", Text("2s")}});
  server_.delivery = absl::Seconds(4);
  EXPECT_EQ(FindingsText(RunTrip()), "delivered_slow");
}

TEST_F(RoundtripTest, AChangedUidvalidityIsAFinding) {
  RunTrip();
  server_.uid_validity = 8;
  EXPECT_EQ(FindingsText(RunTrip()), "imap_uidvalidity_changed");
}

TEST_F(RoundtripTest, NothingIsSentThatTheLedgerDoesNotKnow) {
  ledger_.FailWith(absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ(Summary(RunTrip()), "not_tested: the ledger cannot be read: disk full");
  EXPECT_TRUE(server_.letters.empty());
}

TEST_F(RoundtripTest, DeliversStraightToTheMx) {
  resolver_.On("alpha.test", RrType::kMx,
               MxReply({{10, "dead.alpha.test"}, {20, "mx.alpha.test"}}));
  resolver_.On("dead.alpha.test", RrType::kA, NoDataReply());
  resolver_.On("dead.alpha.test", RrType::kAaaa, NoDataReply());
  resolver_.On("mx.alpha.test", RrType::kA, AddressReply({"192.0.2.5"}));
  Configure({{"mailbox", MailboxKeys({{"deliver_via", Text("mx")}})}});
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dns_nodata");
  EXPECT_EQ(TouchedText(seen),
            "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/imap provider:alpha site:192.0.2.3 "
            "cert:mail.alpha.test auth:alpha acct:probe@alpha.test mbox:probe@alpha.test "
            "mx:mx.alpha.test svc:alpha/smtp site:192.0.2.5 cert:mx.alpha.test queue:alpha");
  for (const std::string& command : server_.smtp_commands) {
    EXPECT_FALSE(command.starts_with("AUTH")) << command;
  }
}

TEST_F(RoundtripTest, TheRecipientIsAMailboxOfOurs) {
  const auto refusal = [this](const char* to) {
    CheckSpec spec = Spec(
        "roundtrip", Keys({{"mailbox", MailboxKeys()},
                           {"receive_from", MailboxKeys({{"address", Text("other@beta.test")},
                                                         {"aliases", Texts({"info@beta.test"})}})},
                           {"to", Text(to)}}));
    return Refusal(spec);
  };
  EXPECT_EQ(refusal("other@beta.test"), "");
  EXPECT_EQ(refusal("info@beta.test"), "");
  EXPECT_EQ(refusal("somebody@else.test"),
            "alpha.test/roundtrip.to: 'somebody@else.test' must be the address of the receiving "
            "mailbox (other@beta.test) or one of its aliases");
}

TEST_F(RoundtripTest, TheDeadlineMustLieWithinTheTimeout) {
  spec_.settings.Set("delivery_deadline", Text("30s"));
  EXPECT_EQ(Refusal(spec_),
            "alpha.test/roundtrip.delivery_deadline: must be below the check's timeout of 30s");
}

}  // namespace
}  // namespace postwatch::agent
