#include "common/systemd/supervisor.h"

#include <gtest/gtest.h>

#include <vector>

namespace postwatch {
namespace {

using Messages = std::vector<std::string>;

class SupervisorTest : public testing::Test {
 protected:
  Supervisor WithWatchdog(absl::Duration period) {
    return Supervisor([this](const std::string& message) { sent_.push_back(message); }, period);
  }
  Messages Sent() { return std::exchange(sent_, {}); }

  Messages sent_;
};

TEST_F(SupervisorTest, TheFirstPulseTellsThatTheProgramIsReady) {
  Supervisor supervisor = WithWatchdog(absl::ZeroDuration());
  supervisor.Pulse(absl::Seconds(5), "connected");
  EXPECT_EQ(Sent(), Messages{"READY=1\nSTATUS=connected\n"});
}

TEST_F(SupervisorTest, AStatusIsToldWhenItChanges) {
  Supervisor supervisor = WithWatchdog(absl::ZeroDuration());
  supervisor.Pulse(absl::Seconds(1), "connected");
  Sent();
  supervisor.Pulse(absl::Seconds(2), "connected");
  EXPECT_EQ(Sent(), Messages{});
  supervisor.Pulse(absl::Seconds(3), "not connected");
  EXPECT_EQ(Sent(), Messages{"STATUS=not connected\n"});
}

TEST_F(SupervisorTest, TheWatchdogIsFedFourTimesInItsPeriod) {
  Supervisor supervisor = WithWatchdog(absl::Seconds(8));
  supervisor.Pulse(absl::Seconds(100), "well");
  EXPECT_EQ(Sent(), Messages{"READY=1\nSTATUS=well\nWATCHDOG=1\n"});
  supervisor.Pulse(absl::Seconds(101), "well");
  EXPECT_EQ(Sent(), Messages{});
  supervisor.Pulse(absl::Seconds(102), "well");
  EXPECT_EQ(Sent(), Messages{"WATCHDOG=1\n"});
  supervisor.Pulse(absl::Seconds(103), "ill");
  EXPECT_EQ(Sent(), Messages{"STATUS=ill\n"});
  supervisor.Pulse(absl::Seconds(104), "ill");
  EXPECT_EQ(Sent(), Messages{"WATCHDOG=1\n"});
}

TEST_F(SupervisorTest, AStatusCannotAddToTheProtocol) {
  Supervisor supervisor = WithWatchdog(absl::ZeroDuration());
  supervisor.Pulse(absl::ZeroDuration(), "one\ntwo\tMAINPID=1\n");
  EXPECT_EQ(Sent(), Messages{"READY=1\nSTATUS=one two MAINPID=1\n"});
  supervisor.Pulse(absl::ZeroDuration(), std::string(1000, 'x'));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_LE(sent_[0].size(), 300u);
}

TEST_F(SupervisorTest, WhoBecomesAnotherProgramSaysSoAndWhoeverComesIsReady) {
  Supervisor supervisor = WithWatchdog(absl::Seconds(8));
  supervisor.Pulse(absl::Seconds(100), "well");
  Sent();
  supervisor.Reloading(absl::Seconds(101), "hands over");
  EXPECT_EQ(Sent(),
            Messages{"RELOADING=1\nMONOTONIC_USEC=101000000\nSTATUS=hands over\nWATCHDOG=1\n"});
  supervisor.Pulse(absl::Seconds(102), "well");
  EXPECT_EQ(Sent(), Messages{"READY=1\nSTATUS=well\nWATCHDOG=1\n"});
}

}  // namespace
}  // namespace postwatch
