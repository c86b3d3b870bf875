#include "agent/probes/roundtrip/imap_probe_inbox.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

class ImapProbeInboxTest : public RoundtripFixture {
 protected:
  // Commands without their tags.
  std::vector<std::string> Commands() const {
    std::vector<std::string> commands;
    for (const std::string& line : server_.imap_commands) {
      commands.push_back(line.substr(line.find(' ') + 1));
    }
    return commands;
  }
  size_t Count(const std::string& start) const {
    const std::vector<std::string> commands = Commands();
    return static_cast<size_t>(
        std::count_if(commands.begin(), commands.end(),
                      [&start](const std::string& line) { return line.starts_with(start); }));
  }
};

// A server may hide what has just come until a command gave it the chance to say so.
TEST_F(ImapProbeInboxTest, AsksNoopBeforeEachLookForWhatIsNew) {
  server_.has_idle = false;
  server_.delivery = absl::Milliseconds(2500);
  EXPECT_EQ(Summary(RunTrip()), "pass");
  const std::vector<std::string> commands = Commands();
  const auto first = std::find(commands.begin(), commands.end(), "NOOP");
  ASSERT_NE(first, commands.end());
  for (auto it = first + 1; it != commands.end() && !it->starts_with("UID STORE"); ++it) {
    EXPECT_TRUE(!absl::StrContains(*it, ":*") || *(it - 1) == "NOOP") << *it;
  }
}

TEST_F(ImapProbeInboxTest, SearchIsNeverAsked) {
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(Count("SEARCH") + Count("UID SEARCH") + Count("STATUS"), 0u);
  EXPECT_EQ(Count("FETCH"), 0u);  // by sequence number
}

// "n:*" names the last message even where its UID is below n.
TEST_F(ImapProbeInboxTest, TheLastOldMessageIsNotTakenForNew) {
  server_.Put("INBOX", Concat("X-Probe-Token: ", Signed(absl::Minutes(1)), "\r\n\r\nx\r\n"));
  server_.delivery = std::nullopt;
  EXPECT_EQ(Summary(RunTrip()), "fail delivery_delayed at delivery");
  EXPECT_EQ(InboxSize(), 1u);
}

TEST_F(ImapProbeInboxTest, AServerThatNeverAnnouncesIsAskedEveryFiveSeconds) {
  server_.announces_in_idle = false;
  server_.delivery = absl::Seconds(7);
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "11.000");  // 1 s of haste, then slices of 5 s
  EXPECT_LE(Count("IDLE"), 3u);
}

TEST_F(ImapProbeInboxTest, ALetterThatCameBeforeTheIdleIsFoundWithoutIt) {
  server_.delivery = absl::Milliseconds(40);
  EXPECT_EQ(Fact(RunTrip(), "delivery.seconds"), "0.050");
  EXPECT_EQ(Count("IDLE"), 0u);
}

TEST_F(ImapProbeInboxTest, AFreshSessionProvesThatTheLetterIsGone) {
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(server_.imap_sessions, 3);  // the run's, the proof's, the janitor's
  const std::vector<std::string> commands = Commands();
  const auto farewell = std::find(commands.begin(), commands.end(), "LOGOUT");
  const auto proof = std::find_if(farewell, commands.end(), [](const std::string& command) {
    return command.starts_with("UID FETCH");
  });
  EXPECT_NE(proof, commands.end());
}

TEST_F(ImapProbeInboxTest, AtGmailWhatIsDeletedGoesToTheTrash) {
  server_.is_gmail = true;
  server_.Put("[Gmail]/Bin", "Subject: rubbish\r\n\r\nx\r\n");
  GiveTime();
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_EQ(Count("UID MOVE"), 2u);  // there is no [Gmail]/Trash
  // The janitor of the same run removed the letter from there.
  ASSERT_EQ(server_.Folder("[Gmail]/Bin").size(), 1u);
  EXPECT_TRUE(server_.Folder("[Gmail]/Bin")[0].text.starts_with("Subject: rubbish"));
}

TEST_F(ImapProbeInboxTest, AtGmailALetterToOneselfThatDoesNotComeSaysNothing) {
  server_.is_gmail = true;
  server_.delivery = std::nullopt;
  EXPECT_EQ(Summary(RunTrip()),
            "not_tested: a letter to oneself never arrives here, since the provider keeps only the "
            "sent copy; give receive_from another mailbox");
}

}  // namespace
}  // namespace postwatch::agent
