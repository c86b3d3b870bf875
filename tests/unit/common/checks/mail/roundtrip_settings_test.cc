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
  EXPECT_EQ(settings.max_missing, 10u);
  EXPECT_EQ(settings.hold_off, absl::Minutes(12));
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

TEST(RoundtripSettings, EveryKeyOfTheRouteIsRead) {
  Mistakes mistakes;
  RoundtripSettings settings = ReadRoundtripSettings(
      YamlCheck("mailbox: {address: p@alpha.test, password: {env: P}, aliases: [a@alpha.test]}\n"
                "alias: a@alpha.test\n"
                "via: mx2.alpha.test\n"
                "lost_after: 12h\n"
                "max_missing: 3\n"
                "hold_off: 2h\n"
                "long_line: true\n"
                "size: 5MiB\n"
                "expect_via: [mx.alpha.test, '*.beta.test']\n"
                "authserv_id: mx.alpha.test\n"
                "require_auth: true\n"),
      mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{});
  EXPECT_EQ(settings.to, "a@alpha.test");
  EXPECT_FALSE(settings.reflected);
  EXPECT_TRUE(settings.self_loop());
  EXPECT_EQ(settings.via, "mx2.alpha.test");
  EXPECT_EQ(settings.lost_after, absl::Hours(12));
  EXPECT_EQ(settings.max_missing, 3u);
  EXPECT_EQ(settings.hold_off, absl::Hours(2));
  EXPECT_TRUE(settings.long_line);
  EXPECT_EQ(settings.large_size, 5u * 1024 * 1024);
  EXPECT_EQ(settings.expect_via, (Lines{"mx.alpha.test", "*.beta.test"}));
  EXPECT_EQ(settings.authserv_id, "mx.alpha.test");
  EXPECT_TRUE(settings.require_auth);
  settings =
      ReadRoundtripSettings(YamlCheck("mailbox: {address: p@alpha.test, password: {env: P}}\n"
                                      "reflector: echo@gamma.test\n"),
                            mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{});
  EXPECT_EQ(settings.to, "echo@gamma.test");
  EXPECT_TRUE(settings.reflected);
  EXPECT_FALSE(settings.self_loop());
}

TEST(RoundtripSettings, AWayIsOneWayAndLeadsBack) {
  const std::string mailbox =
      "mailbox: {address: p@alpha.test, password: {env: P}, aliases: [a@alpha.test]}\n";
  const auto mistakes = [&mailbox](const std::string& rest) {
    return MistakesOf(ReadRoundtripSettings, mailbox + rest);
  };
  EXPECT_EQ(mistakes("alias: b@alpha.test\n"),
            Lines{"c.yaml:2: c.alias: 'b@alpha.test' must be the address of the receiving mailbox "
                  "(p@alpha.test) or one of its aliases"});
  EXPECT_EQ(mistakes("alias: P@alpha.test\n"),
            Lines{"c.yaml:2: c.alias: is the mailbox itself; name one of its aliases"});
  EXPECT_EQ(mistakes("alias: a@alpha.test\nto: p@alpha.test\n").size(), 1u);
  EXPECT_EQ(mistakes("reflector: echo\n"),
            Lines{"c.yaml:2: c.reflector: 'echo' is not a mail address"});
  EXPECT_EQ(mistakes("reflector: a@alpha.test\n"),
            Lines{"c.yaml:2: c.reflector: is the receiving mailbox itself; leave it out"});
  EXPECT_EQ(mistakes("reflector: e@b.test\nto: p@alpha.test\n").size(), 1u);
  EXPECT_EQ(mistakes("expect_via: ['*.', 'a b']\nvia: 'x y'\n").size(), 3u);
  EXPECT_EQ(mistakes("require_auth: true\n"),
            Lines{"c.yaml:2: c.require_auth: needs authserv_id: any sender can write results of "
                  "its own"});
}

TEST(RoundtripSettings, ALargeLetterIsOneOfFiveSizesAndReadByImap) {
  EXPECT_EQ(MistakesOf(ReadRoundtripSettings,
                       "mailbox: {address: p@alpha.test, password: {env: P}}\nsize: 50MiB\n")
                .size(),
            1u);
  EXPECT_EQ(MistakesOf(ReadRoundtripSettings,
                       "mailbox: {address: p@alpha.test, password: {env: P}, receive: {protocol: "
                       "pop3}}\nsize: 1MiB\n"),
            Lines{"c.yaml:2: c.size: needs a mailbox that is read by IMAP: POP3 would fetch the "
                  "whole letter"});
}

TEST(RoundtripSettings, AtGmailTwoMailboxesAreNeeded) {
  EXPECT_EQ(
      MistakesOf(ReadRoundtripSettings, "mailbox: {address: p@gmail.com, password: {env: P}}\n"),
      Lines{"c.yaml:1: c.mailbox: at Gmail a letter to oneself never arrives (it keeps the "
            "sent copy only); give receive_from another mailbox"});
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
