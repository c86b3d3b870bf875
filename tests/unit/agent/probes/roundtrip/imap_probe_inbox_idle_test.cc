// Of waiting for the letter by IDLE: what is announced, what is not, and connections that end.
#include <algorithm>

#include "agent/probes/roundtrip/imap_probe_inbox.h"
#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

class ImapIdleTest : public RoundtripFixture {
 protected:
  // The waits, sessions and all, of a run that has time.
  void WaitFor(absl::Duration delivery) {
    server_.delivery = delivery;
    spec_.timeout = absl::Minutes(58);
    Configure({{"delivery_deadline", Text("55m")}, {"slow_after", Text("1h")}});
  }
  // Holds the letter back until the next IDLE begins.
  void DeliverBeforeTheIdle() {
    server_.deliver_to = "held";
    server_.before_idle = [this] {
      std::vector<FakeMailServer::Message>& held = server_.Folder("held");
      for (const FakeMailServer::Message& message : held) server_.Put("INBOX", message.text);
      held.clear();
    };
  }
  static std::string Stalled(const Observation& seen) {
    return FindingDetail(seen, FailureClass::kImapIdleStalled);
  }
};

constexpr char kLay[] = " while the session waited (IDLE), and was not announced; asking found it";

TEST_F(ImapIdleTest, WhatComesBeforeTheIdleIsFoundWithoutIt) {
  server_.announces_in_idle = false;
  server_.delivery = absl::Milliseconds(500);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "0.500");
  EXPECT_EQ(server_.longest_idle, absl::ZeroDuration());
}

TEST_F(ImapIdleTest, WhatComesDuringTheIdleIsAnnouncedAtOnce) {
  server_.delivery = absl::Milliseconds(3200);
  const Observation seen = RunTrip();
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "3.200");
}

TEST_F(ImapIdleTest, WhatComesBetweenTheLookAndTheIdleIsAnnouncedAtItsStart) {
  DeliverBeforeTheIdle();
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "1.000");
}

TEST_F(ImapIdleTest, AServerThatForgetsItIsFoundOut) {
  DeliverBeforeTheIdle();
  server_.forgets_before_idle = true;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "6.000");  // after one slice of waiting
  EXPECT_EQ(Stalled(seen), Concat("the letter lay in the INBOX for 5s", kLay));
}

TEST_F(ImapIdleTest, AServerThatNeverAnnouncesIsFoundOut) {
  server_.announces_in_idle = false;
  server_.delivery = absl::Seconds(8);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "imap_idle_stalled");
  EXPECT_EQ(Stalled(seen), Concat("the letter lay in the INBOX for 3s", kLay));
}

// Announced a moment late, or after the wait was over: once is no proof.
TEST_F(ImapIdleTest, ALetterThatComesAsTheWaitEndsProvesNothingUntilItHappensAgain) {
  server_.announces_in_idle = false;
  server_.delivery = absl::Milliseconds(5500);
  EXPECT_EQ(FindingsText(RunTrip()), "");
  EXPECT_EQ(FindingsText(RunTrip()), "");
  server_.announces_in_idle = true;
  EXPECT_EQ(FindingsText(RunTrip()), "");
  server_.announces_in_idle = false;
  EXPECT_EQ(FindingsText(RunTrip()), "");
  EXPECT_EQ(FindingsText(RunTrip()), "");
  EXPECT_EQ(Stalled(RunTrip()),
            "the last 3 letters came while the session waited (IDLE), and were not announced; "
            "asking found them");
}

TEST_F(ImapIdleTest, ASessionThatWentBlindIsToldFromALostLetter) {
  server_.shows_nothing_new = true;
  server_.delivery = absl::Seconds(3);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(Stalled(seen),
            "a fresh session shows the letter, which the session that waited for it never did");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(ImapIdleTest, OtherWordsDoNotEndTheWait) {
  server_.chats_in_idle = true;
  server_.delivery = absl::Milliseconds(5700);
  const Observation seen = RunTrip();
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "5.700");
  EXPECT_EQ(server_.longest_idle, absl::Milliseconds(4700));
}

TEST_F(ImapIdleTest, AServerThatEndsTheConnectionEveryFiveMinutesIsNoFailure) {
  server_.imap_session_lasts = absl::Minutes(5);
  WaitFor(absl::Minutes(32));
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "1920.000");
}

TEST_F(ImapIdleTest, OneThatBreaksAtOnceAgainAndAgainIs) {
  server_.imap_session_lasts = absl::Seconds(4);
  WaitFor(absl::Minutes(32));
  EXPECT_EQ(Summary(RunTrip()), "fail conn_closed_early at delivery");
}

TEST_F(ImapIdleTest, NoIdleLastsTwentyNineMinutes) {
  WaitFor(absl::Minutes(50));
  const Observation seen = RunTrip();
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "3000.000");
  EXPECT_EQ(server_.imap_sessions, 3);
  EXPECT_LT(server_.longest_idle, absl::Minutes(29));
}

}  // namespace
}  // namespace postwatch::agent
