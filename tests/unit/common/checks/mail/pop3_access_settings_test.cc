#include "common/checks/mail/pop3_access_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

Lines Mistaken(std::string_view text) {
  Mistakes mistakes;
  CheckSpec spec;
  spec.id = "c";
  spec.settings = YamlSettings(text);
  ReadPop3AccessSettings(spec, mistakes);
  return mistakes.lines();
}

TEST(Pop3AccessSettings, NeedsAMailboxReadByPop3) {
  EXPECT_EQ(Mistaken("mailbox: {address: p@a.test, password: {file: /p}, "
                     "receive: {protocol: pop3}}\n"),
            Lines{});
  EXPECT_EQ(Mistaken("mailbox: {address: p@a.test, password: {file: /p}}\n"),
            Lines{"c.yaml:1: c.mailbox: is not read by pop3 (receive: {protocol: pop3})"});
}

}  // namespace
}  // namespace postwatch
