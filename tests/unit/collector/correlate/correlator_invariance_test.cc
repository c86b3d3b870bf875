// What must make no difference: order, doubles, clocks, restarts.
#include <gtest/gtest.h>

#include "collector/correlate/correlator.h"
#include "tests/unit/collector/correlate/timeline.h"

namespace postwatch::collector {
namespace {

TEST(CorrelatorTest, DuplicatesAndReorderingChangeNothing) {
  const auto play = [](TimelineOptions options) {
    Timeline t(std::move(options));
    t.Watch("alpha");
    t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(180);
    t.Play(300);
    return t.Pages() + " | " + t.Open() + " | " + std::to_string(t.incident_count());
  };
  const std::string plain = play({});
  EXPECT_EQ(plain, "svc:alpha/imap |  | 1");
  EXPECT_EQ(play({.duplicates = true}), plain);
  EXPECT_EQ(play({.shuffled = true}), plain);
}

TEST(CorrelatorTest, SameCallsGiveTheSameAnswers) {
  const auto play = [] {
    Timeline t;
    t.Watch("alpha");
    t.Watch("beta");
    t.Fails("alpha/", FailureClass::kTcpTimeout).From(60).To(200);
    t.Fails("beta/imap", FailureClass::kImapServerError).From(100).Every(2);
    t.CutOff("us", 120, 180);
    t.Play(400);
    return t.log();
  };
  EXPECT_EQ(play(), play());
}

TEST(CorrelatorTest, SkewedClocksChangeNothing) {
  Timeline t({.skew = {{"eu", 90}, {"us", -45}}});
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(180);
  t.Play(300);
  EXPECT_EQ(t.Pages(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.Open(), "");
}

TEST(CorrelatorTest, RestartNeitherDoublesNorLosesAnIncident) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(180);
  t.Play(100);
  const std::string id = t.Find("svc:alpha/imap").id;
  t.RestartCollector();
  t.Play(150);
  EXPECT_EQ(t.Open(), "svc:alpha/imap") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
  EXPECT_EQ(t.Find("svc:alpha/imap").id, id);
  t.Play(300);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
}

TEST(CorrelatorTest, FaultThatEndedWhileTheCollectorWasAwayIsResolved) {
  Timeline t;
  t.Watch("alpha");
  t.Fails("alpha/imap", FailureClass::kTcpRefused).From(60).To(101);
  t.Play(101);
  EXPECT_EQ(t.Open(), "svc:alpha/imap");
  t.RestartCollector();
  t.Play(160);
  EXPECT_EQ(t.Open(), "") << t.log();
  EXPECT_EQ(t.incident_count(), 1u) << t.log();
}

}  // namespace
}  // namespace postwatch::collector
