#include "common/checks/mail/smtp_submit_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(SmtpSubmitSettings, AreRead) {
  Mistakes mistakes;
  const SmtpSubmitSettings usual = ReadSmtpSubmitSettings(
      YamlCheck("mailbox: {address: p@alpha.test, password: {env: P}}\n"), mistakes);
  EXPECT_EQ(usual.mailbox.address, "p@alpha.test");
  EXPECT_TRUE(usual.envelope);
  const SmtpSubmitSettings told = ReadSmtpSubmitSettings(
      YamlCheck("{mailbox: {address: p@alpha.test, password: {env: P}}, envelope: false}"),
      mistakes);
  EXPECT_FALSE(told.envelope);
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(SmtpSubmitSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadSmtpSubmitSettings,
                       "mailbox: {address: p@alpha.test}\n"
                       "envelope: 1\n"
                       "enveloppe: true\n"),
            (Lines{"c.yaml:1: c.mailbox.password: is missing: give {file: PATH} or {env: NAME}",
                   "c.yaml:2: c.envelope: '1' is neither true nor false",
                   "c.yaml:3: c.enveloppe: is not a known key"}));
  EXPECT_EQ(MistakesOf(ReadSmtpSubmitSettings, "{}"),
            Lines{"c.yaml:1: c.mailbox: is missing; this check needs a mailbox of its own"});
}

}  // namespace
}  // namespace postwatch
