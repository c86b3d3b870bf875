#include "common/checks/mail/imap_access_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(ImapAccessSettings, AreAMailbox) {
  Mistakes mistakes;
  const ImapAccessSettings settings = ReadImapAccessSettings(
      YamlCheck("mailbox: {address: p@alpha.test, password: {env: P}}\n"), mistakes);
  EXPECT_EQ(settings.mailbox.address, "p@alpha.test");
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(ImapAccessSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadImapAccessSettings, "mailbox: p@alpha.test\nfolder: INBOX\n"),
            (Lines{"c.yaml:1: c.mailbox: must be a map of keys, but is a single value",
                   "c.yaml:1: c.mailbox.address: is missing",
                   "c.yaml:1: c.mailbox.password: is missing: give {file: PATH} or {env: NAME}",
                   "c.yaml:2: c.folder: is not a known key"}));
}

}  // namespace
}  // namespace postwatch
