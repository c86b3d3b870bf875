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
  EXPECT_TRUE(Has(server_.smtp_commands,
                  "RCPT TO:<probe@alpha.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;probe@alpha.test"));
}

TEST_F(LetterSenderTest, AServerThatKnowsNoNoticesIsAskedForNone) {
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_TRUE(Has(server_.smtp_commands, "RCPT TO:<probe@alpha.test>"));
}

class LargeLetterTest : public RoundtripFixture {
 protected:
  LargeLetterTest() {
    Configure({{"size", Text("1MiB")}});
    server_.size = "SIZE 10485760";
  }

  static constexpr size_t kMebibyte = 1024 * 1024;
};

TEST_F(LargeLetterTest, GoesOutOnceADayWhateverIsRestarted) {
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "letter.octets"), "1048576");
  EXPECT_EQ(Fact(seen, "integrity"), "exact");
  EXPECT_GE(server_.letters[0].size(), kMebibyte);
  EXPECT_LT(server_.letters[0].size(), kMebibyte + 1000);
  EXPECT_EQ(InboxSize(), 0u);
  Restart();
  EXPECT_EQ(Fact(RunTrip(), "letter.octets"), "none");
  EXPECT_LT(server_.letters[1].size(), 4096u);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_GE(server_.letters[2].size(), kMebibyte);
}

TEST_F(LargeLetterTest, IsNotSentToAServerThatSaysItTakesLess) {
  server_.size = "SIZE 1000000";
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "fail smtp_size at mail");
  EXPECT_NE(seen.failure->detail.find("letters of up to 1000000 octets (SIZE)"), std::string::npos)
      << seen.failure->detail;
  EXPECT_TRUE(server_.letters.empty());
  EXPECT_TRUE(ledger_.open_entries().empty());
  EXPECT_EQ(Summary(RunTrip()), "pass");  // with a small one
}

TEST_F(LargeLetterTest, MayBeTooLargeWithoutAWordBefore) {
  server_.size = "SIZE";
  server_.final_reply = "552 5.3.4 Message size exceeds fixed limit";
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_size at final");
}

class LongLineTest : public RoundtripFixture {
 protected:
  LongLineTest() { Configure({{"long_line", Text("true")}}); }
};

TEST_F(LongLineTest, ArrivesWhole) {
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "integrity"), "exact");
  EXPECT_NE(server_.letters[0].find(Concat("\r\n", LongLine(), "\r\n")), std::string::npos);
}

TEST_F(LongLineTest, IsToldWhenBrokenOrDamaged) {
  server_.on_delivery = [](std::string letter) {
    return letter.insert(letter.find(" 100 "), "\r\n");
  };
  const Observation broken = RunTrip();
  EXPECT_EQ(Summary(broken), "pass");
  EXPECT_EQ(FindingDetail(broken, FailureClass::kRewritten),
            "the line of 998 octets was broken into shorter ones");
  server_.on_delivery = [](std::string letter) {
    return letter.replace(letter.find(" 100 "), 5, "     ");
  };
  const Observation damaged = RunTrip();
  EXPECT_EQ(Summary(damaged), "fail corrupted_body at fetch");
  EXPECT_EQ(damaged.failure->detail, "the line of 998 octets is not what was sent");
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
