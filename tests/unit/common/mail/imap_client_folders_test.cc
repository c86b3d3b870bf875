// Of ImapClient: folders by their use, and when messages arrived.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/mail/imap_client.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_stream.h"

namespace postwatch {
namespace {

using testing::ElementsAre;

// "use name" of each.
std::vector<std::string> Marked(const std::string& script) {
  ScriptedStream stream(LoadScript(script));
  ImapClient client(stream);
  EXPECT_TRUE(RunTask(client.Capability())->ok());
  const absl::StatusOr<ImapFolders> listed = RunTask(client.ListMarked());
  EXPECT_TRUE(listed.ok() && listed->status.ok());
  std::vector<std::string> folders;
  for (const ImapFolder& folder : listed->folders) {
    folders.push_back(Concat(folder.use, " ", folder.name));
  }
  return folders;
}

TEST(ImapClientFolders, AreKnownByTheirMarks) {
  EXPECT_THAT(Marked("imap-special-use.txt"),
              ElementsAre("\\JUNK Werbung", "\\SENT Gesendet", "\\DRAFTS Entw\u00fcrfe"));
}

TEST(ImapClientFolders, AreListedWholeWhereTheSelectionIsRefused) {
  EXPECT_THAT(Marked("imap-special-use-refused.txt"), ElementsAre("\\JUNK Spam"));
}

TEST(ImapClientFolders, TimesOfArrivalAreRead) {
  ScriptedStream stream(LoadScript("imap-internaldate.txt"));
  ImapClient client(stream);
  const absl::StatusOr<ImapFetch> fetch = RunTask(client.FetchFrom(1, "BODY.PEEK[]"));
  ASSERT_TRUE(fetch.ok());
  ASSERT_EQ(fetch->messages.size(), 5u);
  const absl::Time time =
      absl::FromCivil(absl::CivilSecond(2026, 11, 23, 4, 30), absl::UTCTimeZone());
  EXPECT_EQ(fetch->messages[0].arrived, time);
  EXPECT_EQ(fetch->messages[1].arrived, time - absl::Hours(24 * 20));
  EXPECT_EQ(fetch->messages[2].arrived, time);
  EXPECT_EQ(fetch->messages[3].arrived, std::nullopt);
  EXPECT_EQ(fetch->messages[4].arrived, std::nullopt);
}

}  // namespace
}  // namespace postwatch
