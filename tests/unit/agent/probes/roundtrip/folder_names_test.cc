#include "agent/probes/roundtrip/folder_names.h"

#include <algorithm>

#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

using Names = std::vector<std::string>;

TEST(FolderNames, WhatTheServerMarksComesFirst) {
  const Names spam =
      FoldersToTry(FolderRole::kSpam, {{"Werbung", "\\JUNK"}, {"Ablage", "\\ARCHIVE"}});
  EXPECT_EQ((Names(spam.begin(), spam.begin() + 3)), (Names{"Werbung", "Junk", "Spam"}));
  EXPECT_EQ(spam.size(), 9u);
  const Names sent = FoldersToTry(FolderRole::kSent, {{"Sent Items", "\\SENT"}});
  EXPECT_EQ((Names(sent.begin(), sent.begin() + 3)),
            (Names{"Sent Items", "Sent", "Sent Messages"}));
  EXPECT_EQ(sent.size(), 5u);
  EXPECT_EQ(FoldersToTry(FolderRole::kTrash, {{"Papierkorb", "\\TRASH"}})[0], "Papierkorb");
  EXPECT_EQ(GmailTrashes({{"[Gmail]/Kosz", "\\TRASH"}})[0], "[Gmail]/Kosz");
}

TEST(FolderNames, ServersMarkFewFoldersOfARoleAndNeverTheInbox) {
  std::vector<ImapFolder> marked{{"INBOX", "\\JUNK"}};
  for (int i = 0; i < 20; ++i) marked.push_back({Concat("j", i), "\\JUNK"});
  const Names names = FoldersToTry(FolderRole::kSpam, marked);
  EXPECT_EQ(names.size(), 4u + 8u);
  EXPECT_EQ(names[0], "j0");
  EXPECT_EQ(FoldersToTry(FolderRole::kInbox, marked), Names{"INBOX"});
}

class MarkedFoldersTest : public RoundtripFixture {
 protected:
  size_t Count(const std::string& command) const {
    return static_cast<size_t>(
        std::ranges::count_if(server_.imap_commands, [&command](const std::string& line) {
          return line.substr(line.find(' ') + 1) == command;
        }));
  }

  static constexpr char kExtended[] = R"(LIST (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE))";
  static constexpr char kPlain[] = R"(LIST "" "*")";
};

TEST_F(MarkedFoldersTest, ALetterInAFolderThatIsOnlyMarkedIsSpam) {
  server_.list_capabilities = " SPECIAL-USE LIST-EXTENDED";
  server_.list_lines = {R"((\HasNoChildren \Junk) "/" "Unerw&APw-nscht")"};
  server_.deliver_to = "Unerw&APw-nscht";
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail spam_foldered at delivery");
  EXPECT_EQ(seen.failure->detail, "the letter is in the folder Unerw\u00fcnscht");
  EXPECT_TRUE(server_.Folder("Unerw&APw-nscht").empty());
  EXPECT_EQ(Count(kExtended), 1u);
  EXPECT_EQ(Count(kPlain), 0u);
}

TEST_F(MarkedFoldersTest, AServerThatKnowsNoSelectionIsAskedForAll) {
  server_.list_lines = {R"((\HasNoChildren) "/" INBOX)", R"((\Junk) "/" "x")"};
  server_.deliver_to = "x";
  EXPECT_EQ(Summary(RunTrip()), "fail spam_foldered at delivery");
  EXPECT_EQ(Count(kExtended), 0u);
  server_.list_capabilities = " SPECIAL-USE LIST-EXTENDED";
  server_.refuses_extended_list = true;
  EXPECT_EQ(Summary(RunTrip()), "fail spam_foldered at delivery");
  EXPECT_EQ(Count(kExtended), 1u);
  EXPECT_EQ(Count(kPlain), 2u);
}

TEST_F(MarkedFoldersTest, TheJanitorLooksThere) {
  server_.list_capabilities = " SPECIAL-USE LIST-EXTENDED";
  server_.list_lines = {R"((\Trash) NIL "Eimer")", R"((\Sent) NIL "Raus")"};
  for (const char* folder : {"Eimer", "Raus", "Sent"}) {
    server_.Put(folder, Concat("X-Probe-Token: ", Signed(absl::Hours(24 * 8)), "\r\n\r\nold\r\n"));
  }
  GiveTime();
  EXPECT_EQ(Summary(RunTrip()), "pass");
  for (const char* folder : {"Eimer", "Raus", "Sent"}) {
    EXPECT_TRUE(server_.Folder(folder).empty()) << folder;
  }
}

TEST_F(MarkedFoldersTest, AtGmailTheMarkedTrashIsUsed) {
  server_.is_gmail = true;
  server_.list_lines = {R"((\HasNoChildren \Trash) "/" "[Gmail]/Kosz")"};
  server_.Put("[Gmail]/Kosz", "Subject: rubbish\r\n\r\nx\r\n");
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_EQ(server_.Folder("[Gmail]/Kosz").size(), 1u);  // the janitor has been there
  const bool moved = std::ranges::any_of(server_.imap_commands, [](const std::string& line) {
    return line.ends_with(" UID MOVE 1 \"[Gmail]/Kosz\"");
  });
  EXPECT_TRUE(moved);
}

}  // namespace
}  // namespace postwatch::agent
