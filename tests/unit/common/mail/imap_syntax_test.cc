#include "common/mail/imap_syntax.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(ImapSyntax, Quoting) {
  EXPECT_EQ(ImapQuoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_TRUE(ImapQuotable("plain text"));
  EXPECT_TRUE(ImapQuotable(std::string(1000, 'x')));
  EXPECT_FALSE(ImapQuotable(std::string(1001, 'x')));
  EXPECT_FALSE(ImapQuotable("tab\t"));
  EXPECT_FALSE(ImapQuotable("\xc3\xa4"));
}

TEST(ImapSyntax, ModifiedUtf7) {
  EXPECT_EQ(ModifiedUtf7("INBOX"), "INBOX");
  EXPECT_EQ(ModifiedUtf7("A & B"), "A &- B");
  EXPECT_EQ(ModifiedUtf7("Entw\xc3\xbcrfe"), "Entw&APw-rfe");
  // RFC 3501 section 5.1.3
  EXPECT_EQ(
      ModifiedUtf7("~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"),
      "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
  EXPECT_EQ(ModifiedUtf7("\xf0\x9f\x93\xac"), "&2D3c7A-");
  EXPECT_EQ(ModifiedUtf7("\xff"), "&,,0-");
  EXPECT_EQ(ModifiedUtf7("\xc3("), "&,,0-(");
  // A surrogate, and a slash in too many bytes.
  EXPECT_EQ(ModifiedUtf7("\xed\xa9\x9d"), "&,,0-");
  EXPECT_EQ(ModifiedUtf7("\xe0\x80\xaf"), "&,,0-");
  EXPECT_EQ(ModifiedUtf7("\xf0\x80\x80\xaf"), "&,,0-");
}

TEST(ImapSyntax, ModifiedUtf7IsReadBack) {
  for (const char* name : {"", "INBOX", "A &- B", "Entw&APw-rfe", "&2D3c7A-", "&-&APw-",
                           "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}) {
    const std::optional<std::string> read = FromModifiedUtf7(name);
    ASSERT_TRUE(read.has_value()) << name;
    EXPECT_EQ(ModifiedUtf7(*read), name);
  }
  EXPECT_EQ(FromModifiedUtf7("Entw&APw-rfe"), "Entw\xc3\xbcrfe");
  EXPECT_EQ(FromModifiedUtf7("&2D3c7A-"), "\xf0\x9f\x93\xac");
}

TEST(ImapSyntax, WhatIsNoModifiedUtf7IsRefused) {
  for (const char* name : {"a&b", "&", "&A-", "&AP-", "&APw=-", "&AGE-", "&2D0-", "&3Ow-", "&!!!!-",
                           "Entw\xc3\xbcrfe", "&APw-&APw-", "&AAA-\x01"}) {
    EXPECT_EQ(FromModifiedUtf7(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace postwatch
