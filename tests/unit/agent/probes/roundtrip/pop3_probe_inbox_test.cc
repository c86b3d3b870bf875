#include "agent/probes/roundtrip/pop3_probe_inbox.h"

#include <algorithm>

#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

class Pop3ProbeInboxTest : public RoundtripFixture {
 protected:
  Pop3ProbeInboxTest() {
    spec_.timeout = absl::Seconds(60);
    Configure({{"mailbox", MailboxKeys({{"receive", Keys({{"protocol", Text("pop3")},
                                                          {"host", Text("mail.alpha.test")}})}})},
               {"delivery_deadline", Text("40s")}});
  }
  long Count(const std::string& command) const {
    return std::count(server_.pop3_commands.begin(), server_.pop3_commands.end(), command);
  }
};

TEST_F(Pop3ProbeInboxTest, FindsTheLetterInASessionOfItsOwnAndProvesThatItIsGone) {
  server_.delivery = absl::Seconds(1);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass") << AllText(seen);
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "integrity"), "exact");  // the canary's leading dots were stuffed
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_TRUE(ledger_.open_entries().empty());
  // What is old, what is new, and the proof that it is gone.
  EXPECT_EQ(server_.pop3_sessions, 3);
  EXPECT_EQ(Count("QUIT"), server_.pop3_sessions);
  EXPECT_EQ(server_.imap_sessions, 0);
}

TEST_F(Pop3ProbeInboxTest, NoTwoSessionsWithinFiveSeconds) {
  server_.delivery = std::nullopt;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail delivery_delayed at delivery");
  EXPECT_LE(server_.pop3_sessions, 1 + 40 / 5 + 1);
  EXPECT_GE(server_.pop3_sessions, 5);
  EXPECT_EQ(Count("QUIT"), server_.pop3_sessions);
}

TEST_F(Pop3ProbeInboxTest, TheServersLoginDelayIsRespected) {
  server_.login_delay = 15;
  server_.delivery = std::nullopt;
  RunTrip();
  EXPECT_LE(server_.pop3_sessions, 4);
}

TEST_F(Pop3ProbeInboxTest, WithoutTopMessagesAreReadWhole) {
  server_.has_top = false;
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(Pop3ProbeInboxTest, ForeignMessagesStayAndAreLookedAtOnce) {
  server_.Put("INBOX", "Subject: hello\r\nFrom: a@b\r\n\r\nhi\r\n");
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 1u);
  EXPECT_EQ(Count("TOP 1 0"), 1);
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(Count("TOP 1 0"), 1);
  EXPECT_EQ(Count("RETR 1"), 0);
}

TEST_F(Pop3ProbeInboxTest, ALateLetterAmends) {
  server_.delivery = absl::Minutes(3);
  const std::string missed = RunTrip().id;
  clock_.Advance(absl::Minutes(5));
  server_.delivery = absl::ZeroDuration();
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(Pop3ProbeInboxTest, ASecondCopyIsADuplicate) {
  server_.copies = 2;
  EXPECT_EQ(FindingsText(RunTrip()), "duplicate");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(Pop3ProbeInboxTest, WhatIsNotDeletedIsTold) {
  server_.keeps_deleted = true;
  EXPECT_EQ(FindingsText(RunTrip()), "pop3_delete_failed");
  EXPECT_EQ(InboxSize(), 1u);
}

}  // namespace
}  // namespace postwatch::agent
