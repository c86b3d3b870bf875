#include "common/checks/mail/roundtrip_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(RoundtripSettings, GoToTheOwnMailboxUnlessTold) {
  Mistakes mistakes;
  const RoundtripSettings settings = ReadRoundtripSettings(
      YamlCheck("mailbox: {address: p@alpha.test, password: {env: P}}\n"), mistakes);
  EXPECT_EQ(settings.sender.address, "p@alpha.test");
  EXPECT_EQ(settings.receiver.address, "p@alpha.test");
  EXPECT_EQ(settings.to, "p@alpha.test");
  EXPECT_EQ(settings.route, "roundtrip");
  EXPECT_EQ(settings.delivery_deadline, absl::Seconds(25));
  EXPECT_EQ(settings.slow_after, absl::Minutes(1));
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(RoundtripSettings, EveryKeyIsRead) {
  Mistakes mistakes;
  const RoundtripSettings settings = ReadRoundtripSettings(
      YamlCheck("mailbox: {address: p@alpha.test, password: {env: P}}\n"
                "receive_from: {address: q@b.test, password: {env: Q}, aliases: [r@b.test]}\n"
                "to: r@b.test\n"
                "route: via-b\n"
                "delivery_deadline: 20s\n"
                "slow_after: 3s\n"),
      mistakes);
  EXPECT_EQ(settings.receiver.address, "q@b.test");
  EXPECT_EQ(settings.to, "r@b.test");
  EXPECT_EQ(settings.route, "via-b");
  EXPECT_EQ(settings.delivery_deadline, absl::Seconds(20));
  EXPECT_EQ(settings.slow_after, absl::Seconds(3));
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(RoundtripSettings, AShortTimeoutLeavesHalfOfItToTheLetter) {
  CheckSpec check = YamlCheck("mailbox: {address: p@alpha.test, password: {env: P}}\n");
  check.timeout = absl::Seconds(10);
  Mistakes mistakes;
  EXPECT_EQ(ReadRoundtripSettings(check, mistakes).delivery_deadline, absl::Seconds(5));
}

TEST(RoundtripSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadRoundtripSettings,
                       "mailbox: {address: p@alpha.test, password: {env: P}}\n"
                       "receive_from:\n"
                       "  address: q@b.test\n"
                       "to: somebody@else.test\n"
                       "route: Via B\n"
                       "delivery_deadline: 30s\n"
                       "slow_after: 2h\n"
                       "from: p@alpha.test\n"),
            (Lines{"c.yaml:3: c.receive_from.password: is missing: give {file: PATH} or {env: "
                   "NAME}",
                   "c.yaml:4: c.to: 'somebody@else.test' must be the address of the receiving "
                   "mailbox (q@b.test) or one of its aliases",
                   "c.yaml:5: c.route: must be 1 to 63 of a-z, 0-9, '.', '-' and '_'",
                   "c.yaml:6: c.delivery_deadline: must be below the check's timeout of 30s",
                   "c.yaml:7: c.slow_after: 2h is not between 100ms and 1h",
                   "c.yaml:8: c.from: is not a known key"}));
}

TEST(RoundtripSettings, WhereALetterGoesIsNotJudgedWithoutTheMailbox) {
  EXPECT_EQ(MistakesOf(ReadRoundtripSettings, "to: r@b.test\n"),
            Lines{"c.yaml:1: c.mailbox: is missing; this check needs a mailbox of its own"});
}

}  // namespace
}  // namespace postwatch
