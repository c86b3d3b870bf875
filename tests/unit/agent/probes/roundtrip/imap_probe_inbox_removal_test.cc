// Of removal: only our own messages go, whatever else the mailbox holds and however it changes.
#include <algorithm>

#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

class ImapRemovalTest : public RoundtripFixture {
 protected:
  // Messages of a letter that nobody waits for any more, and of somebody who is about to delete.
  void Fill(const std::string& folder) {
    server_.Put(folder, "Subject: somebody is about to delete this\r\n\r\nhi\r\n");
    server_.Folder(folder)[0].deleted = true;
    server_.Put(folder, Concat("X-Probe-Token: ", Signed(absl::Hours(24 * 8)), "\r\n\r\nold\r\n"));
    server_.Put(folder, "Subject: a person\r\n\r\nhi\r\n");
  }
  std::vector<std::string> Subjects(const std::string& folder) {
    std::vector<std::string> lines;
    for (const FakeMailServer::Message& message : server_.Folder(folder)) {
      lines.push_back(message.text.substr(0, message.text.find("\r\n")));
    }
    return lines;
  }
  size_t Count(const std::string& command) const {
    return static_cast<size_t>(
        std::ranges::count_if(server_.imap_commands, [&command](const std::string& line) {
          return line.substr(line.find(' ') + 1).starts_with(command);
        }));
  }
};

using Lines = std::vector<std::string>;

TEST_F(ImapRemovalTest, TheJanitorTakesOnlyItsOwnFromASharedMailbox) {
  Fill("INBOX");
  Fill("Junk");
  GiveTime();
  EXPECT_EQ(Summary(RunTrip()), "pass");
  const Lines left{"Subject: somebody is about to delete this", "Subject: a person"};
  EXPECT_EQ(Subjects("INBOX"), left);
  EXPECT_EQ(Subjects("Junk"), left);
  EXPECT_EQ(Count("EXPUNGE"), 0u);
}

TEST_F(ImapRemovalTest, WithoutUidplusItTakesNothingWhileOthersAreAboutToDelete) {
  server_.has_uidplus = false;
  Fill("Junk");
  GiveTime();
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(Subjects("Junk").size(), 3u);
  EXPECT_EQ(Count("EXPUNGE"), 1u);  // of the letter, alone in the INBOX
  server_.Folder("Junk")[0].deleted = false;
  clock_.Advance(absl::Hours(6));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(Subjects("Junk"),
            (Lines{"Subject: somebody is about to delete this", "Subject: a person"}));
}

// The letter is found in the INBOX, which is made anew before it is read and deleted: other
// messages have its UID then.
TEST_F(ImapRemovalTest, AFolderMadeAnewWhileItIsReadLosesNothing) {
  server_.deliver_to = "held";
  server_.before_idle = [this] {
    if (server_.Folder("held").empty()) return;
    server_.Put("INBOX", server_.Folder("held")[0].text);
    server_.Put("INBOX", Concat("X-Probe-Token: ", Signed(absl::Hours(24 * 8)), "\r\n\r\nold\r\n"));
    server_.Folder("held").clear();
    // The connection ends as the older one is deleted.
    server_.drop_at_next_store = [this] {
      server_.uid_validity = 99;
      server_.Folder("INBOX").clear();
      for (uint32_t uid = 1; uid < 10; ++uid) {
        server_.Put("INBOX", "Subject: a person\r\n\r\nhi\r\n");
        server_.Folder("INBOX").back().uid = uid;
      }
    };
  };
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "not_tested: the folder INBOX was made anew while it was read");
  EXPECT_EQ(InboxSize(), 9u);
  for (const FakeMailServer::Message& message : server_.Folder("INBOX")) {
    EXPECT_FALSE(message.deleted);
  }
}

TEST_F(ImapRemovalTest, AMailboxMadeAnewBetweenTwoRunsLosesNothing) {
  server_.delivery = absl::Minutes(3);
  const std::string missed = RunTrip().id;
  const std::string late = server_.letters[0];
  server_.uid_validity = 99;
  server_.Folder("INBOX").clear();
  for (int i = 0; i < 3; ++i) server_.Put("INBOX", "Subject: a person\r\n\r\nhi\r\n");
  server_.Put("INBOX", late);
  server_.delivery = absl::ZeroDuration();
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "imap_uidvalidity_changed");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, missed);
  EXPECT_EQ(InboxSize(), 3u);
}

}  // namespace
}  // namespace postwatch::agent
