#include "agent/probes/roundtrip/sending_limits.h"

#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

// Letters that vanish, one a minute, until sending has stopped.
class SendingLimitsTest : public RoundtripFixture {
 protected:
  SendingLimitsTest() { Configure({{"hold_off", Text("1h")}}); }

  void Lose(size_t letters) {
    server_.delivery = std::nullopt;
    while (server_.letters.size() < letters) {
      EXPECT_EQ(Summary(RunTrip()), "fail delivery_delayed at delivery");
      clock_.Advance(absl::Minutes(1) - absl::Seconds(25));
    }
  }
};

TEST_F(SendingLimitsTest, WithTenLettersMissingNoMoreAreSent) {
  Lose(10);
  EXPECT_EQ(Summary(RunTrip()),
            "not_tested: the last 10 letters are missing, so that no more are sent until one of "
            "them is accounted for; one is tried in 59m");
  clock_.Advance(absl::Minutes(58));
  EXPECT_EQ(RunTrip().outcome, Outcome::kNotTested);
  EXPECT_EQ(server_.letters.size(), 10u);
}

TEST_F(SendingLimitsTest, OneLetterAnHourTellsThatTheFaultIsOver) {
  Lose(10);
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(Summary(RunTrip()), "fail delivery_delayed at delivery");
  EXPECT_EQ(RunTrip().outcome, Outcome::kNotTested);
  EXPECT_EQ(server_.letters.size(), 11u);
  server_.delivery = absl::ZeroDuration();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(Summary(RunTrip()), "pass");
}

TEST_F(SendingLimitsTest, AStuckLetterThatArrivesTellsItAtOnce) {
  Lose(10);
  EXPECT_EQ(RunTrip().outcome, Outcome::kNotTested);
  server_.delivery = absl::ZeroDuration();
  server_.Put("INBOX", server_.letters[0]);
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(FindingsText(seen_[1]), "delivered_late");
}

TEST_F(SendingLimitsTest, OneThatComesBackOrCountsAsLostIsAccountedForToo) {
  Configure({{"lost_after", Text("30m")}});
  Lose(10);
  EXPECT_EQ(RunTrip().outcome, Outcome::kNotTested);
  clock_.Advance(absl::Minutes(20));
  EXPECT_EQ(RunTrip().outcome, Outcome::kFail);  // sent: the first letter is lost by now
  EXPECT_EQ(server_.letters.size(), 11u);
}

TEST_F(SendingLimitsTest, BothCanBeSet) {
  Configure({{"max_missing", Text("2")}, {"hold_off", Text("10m")}});
  Lose(2);
  EXPECT_EQ(RunTrip().outcome, Outcome::kNotTested);
  clock_.Advance(absl::Minutes(9));
  EXPECT_EQ(RunTrip().outcome, Outcome::kFail);
}

TEST_F(SendingLimitsTest, ARestartForgetsNothingOfThat) {
  Lose(10);
  Restart();
  EXPECT_EQ(RunTrip().outcome, Outcome::kNotTested);
}

}  // namespace
}  // namespace postwatch::agent
