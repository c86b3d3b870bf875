#include "agent/probes/roundtrip/letter_sender.h"

#include <algorithm>

#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

using LetterSenderTest = RoundtripFixture;

bool Has(const std::vector<std::string>& lines, const std::string& wanted) {
  return std::find(lines.begin(), lines.end(), wanted) != lines.end();
}

TEST_F(LetterSenderTest, GoesToAnotherMailboxWithCredentialsOfItsOwn) {
  Configure({{"receive_from", MailboxKeys({{"address", Text("other@alpha.test")}})}});
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_TRUE(Has(server_.smtp_commands, "RCPT TO:<other@alpha.test>"));
  EXPECT_TRUE(server_.smtp_commands[4].starts_with("MAIL FROM:<probe@alpha.test>"))
      << Join(server_.smtp_commands, "\n");
}

TEST_F(LetterSenderTest, GoesToAnAlias) {
  Configure({{"mailbox", MailboxKeys({{"aliases", Texts({"info@alpha.test"})}})},
             {"alias", Text("info@alpha.test")}});
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_TRUE(Has(server_.smtp_commands, "RCPT TO:<info@alpha.test>"));
}

TEST_F(LetterSenderTest, HandsItToTheNamedServerOnPort25WithoutALogin) {
  resolver_.On("mx2.alpha.test", RrType::kA, AddressReply({"192.0.2.7"}));
  Configure({{"via", Text("mx2.alpha.test")}});
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_TRUE(Has(server_.dialed, "192.0.2.7:25")) << Join(server_.dialed, " ");
  EXPECT_NE(TouchedText(seen).find("mx:mx2.alpha.test"), std::string::npos) << TouchedText(seen);
  for (const std::string& command : server_.smtp_commands) {
    EXPECT_FALSE(command.starts_with("AUTH")) << command;
  }
}

TEST_F(LetterSenderTest, ANoticeIsToCarryTheTokenWhereTheServerKnowsThat) {
  server_.offers_dsn = true;
  EXPECT_EQ(Summary(RunTrip()), "pass");
  const std::string envid = " RET=HDRS ENVID=" + TokenOf(server_.letters[0]);
  const auto mail = std::find_if(server_.smtp_commands.begin(), server_.smtp_commands.end(),
                                 [](const std::string& line) { return line.starts_with("MAIL"); });
  ASSERT_NE(mail, server_.smtp_commands.end());
  EXPECT_TRUE(mail->ends_with(envid)) << *mail;
}

class ReflectorTest : public RoundtripFixture {
 protected:
  ReflectorTest() { Configure({{"reflector", Text("echo@gamma.test")}}); }
};

TEST_F(ReflectorTest, AnAnswerIsTheProof) {
  server_.on_delivery = [](const std::string& letter) {
    return Concat("From: echo@gamma.test\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: <",
                  TokenOf(letter), "@alpha.test>\r\nSubject: Re: hello\r\n\r\nGot it.\r\n");
  };
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "answer"), "reply");
  EXPECT_EQ(Fact(seen, "integrity"), "none");
  EXPECT_TRUE(Has(server_.smtp_commands, "RCPT TO:<echo@gamma.test>"));
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(ReflectorTest, AnAnswerMayBearTheMarkInItsTextAlone) {
  server_.on_delivery = [](const std::string& letter) {
    return Concat("From: echo@gamma.test\r\nSubject: your test\r\n\r\nYou wrote:\r\n> Postwatch ",
                  "probe ", TokenOf(letter), "\r\n");
  };
  EXPECT_EQ(RunTrip().outcome, Outcome::kFail);  // taken for the letter, whose text is not there
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(ReflectorTest, ALetterThatComesBackIsJudgedWhole) {
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(Fact(seen, "answer"), "letter");
  EXPECT_EQ(Fact(seen, "integrity"), "exact");
}

TEST_F(ReflectorTest, AnAnswerToAnotherLetterIsNone) {
  server_.on_delivery = [this](const std::string&) {
    return Concat("Auto-Submitted: auto-replied\r\nIn-Reply-To: <", Signed(absl::Minutes(1)),
                  "@alpha.test>\r\n\r\nGot it.\r\n");
  };
  EXPECT_EQ(Summary(RunTrip()), "fail delivery_delayed at delivery");
  EXPECT_EQ(InboxSize(), 1u);
}

}  // namespace
}  // namespace postwatch::agent
