#include "common/checks/mail/smtp_mx_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(SmtpMxSettings, AreRead) {
  Mistakes mistakes;
  const SmtpMxSettings usual = ReadSmtpMxSettings(YamlCheck("{}"), mistakes);
  EXPECT_EQ(usual.host, "");
  EXPECT_FALSE(usual.require_tls);
  EXPECT_FALSE(usual.allow_private);
  const SmtpMxSettings told =
      ReadSmtpMxSettings(YamlCheck("{host: mx.test, require_tls: true, private: allow}"), mistakes);
  EXPECT_EQ(told.host, "mx.test");
  EXPECT_TRUE(told.require_tls);
  EXPECT_TRUE(told.allow_private);
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(SmtpMxSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadSmtpMxSettings,
                       "host: 'mx.test:25'\n"
                       "require_tls: yes\n"
                       "private: no\n"
                       "expect: [mx.test]\n"),
            (Lines{"c.yaml:1: c.host: 'mx.test:25' is neither a host name nor an IP address",
                   "c.yaml:2: c.require_tls: 'yes' is neither true nor false",
                   "c.yaml:3: c.private: 'no' is none of report, allow",
                   "c.yaml:4: c.expect: is not a known key"}));
}

TEST(SmtpMxSettings, NeedATarget) {
  CheckSpec check = YamlCheck("{}");
  check.target.clear();
  Mistakes mistakes;
  ReadSmtpMxSettings(check, mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{"c: needs a target domain"});
}

}  // namespace
}  // namespace postwatch
