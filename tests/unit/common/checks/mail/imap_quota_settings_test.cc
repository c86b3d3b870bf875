#include "common/checks/mail/imap_quota_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

CheckSpec Spec(std::string_view text) {
  CheckSpec spec;
  spec.id = "c";
  spec.settings = YamlSettings(text);
  return spec;
}

TEST(ImapQuotaSettings, WarnsFrom80Percent) {
  Mistakes mistakes;
  const CheckSpec spec = Spec("mailbox: {address: p@a.test, password: {file: /p}}\n");
  EXPECT_EQ(ReadImapQuotaSettings(spec, mistakes).warn_at, 80);
  EXPECT_TRUE(mistakes.empty()) << mistakes.ToStatus();
}

TEST(ImapQuotaSettings, Mistakes) {
  Mistakes mistakes;
  const CheckSpec spec = Spec(
      "mailbox: {address: p@a.test, password: {file: /p}, receive: {protocol: pop3}}\n"
      "warn_at: 100\n");
  ReadImapQuotaSettings(spec, mistakes);
  EXPECT_EQ(mistakes.lines(),
            (Lines{"c.yaml:1: c.mailbox: is not read by imap (receive: {protocol: imap})",
                   "c.yaml:2: c.warn_at: 100 is not between 1 and 99"}));
}

}  // namespace
}  // namespace postwatch
