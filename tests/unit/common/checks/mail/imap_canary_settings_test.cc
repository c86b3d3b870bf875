#include "common/checks/mail/imap_canary_settings.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kMailbox = "mailbox: {address: p@a.test, password: {file: /p}}\n";

ImapCanarySettings Read(std::string_view more, Mistakes& mistakes) {
  CheckSpec spec;
  spec.id = "c";
  spec.settings = YamlSettings(Concat(kMailbox, more));
  return ReadImapCanarySettings(spec, mistakes);
}

TEST(ImapCanarySettings, LiesInTheInboxUnlessTold) {
  Mistakes mistakes;
  EXPECT_EQ(Read("", mistakes).folder, "INBOX");
  EXPECT_EQ(Read("folder: Archive/Canary\n", mistakes).folder, "Archive/Canary");
  EXPECT_TRUE(mistakes.empty()) << mistakes.ToStatus();
}

TEST(ImapCanarySettings, AFolderHasAName) {
  Mistakes mistakes;
  Read("folder: ''\n", mistakes);
  EXPECT_EQ(mistakes.lines(),
            Lines{"c.yaml:2: c.folder: must be the name of a folder, up to 250 bytes"});
}

}  // namespace
}  // namespace postwatch
