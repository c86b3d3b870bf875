#include "common/mail/pop3_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postwatch {
namespace {

using testing::ElementsAre;

// "kind [code] text".
std::string Show(std::string_view line) {
  const std::optional<Pop3Status> status = ParsePop3Status(line);
  if (!status.has_value()) return "none";
  const std::string kind = status->ok()                               ? "ok"
                           : status->kind == Pop3Status::Kind::kError ? "error"
                                                                      : "continue";
  return kind + " [" + status->code + "] " + status->text;
}

TEST(Pop3Response, StatusLines) {
  EXPECT_EQ(Show("+OK"), "ok [] ");
  EXPECT_EQ(Show("+OK Dovecot ready. <1896.697170952@mail.a.example>"),
            "ok [] Dovecot ready. <1896.697170952@mail.a.example>");
  EXPECT_EQ(Show("-ERR [IN-USE] Mailbox is locked by another POP3 session."),
            "error [IN-USE] Mailbox is locked by another POP3 session.");
  EXPECT_EQ(Show("-ERR [sys/temp]busy"), "error [SYS/TEMP] busy");
  EXPECT_EQ(Show("-err no"), "error [] no");
  EXPECT_EQ(Show("+ cj1hYmM="), "continue [] cj1hYmM=");
  EXPECT_EQ(Show("+"), "continue [] ");
}

TEST(Pop3Response, WhatIsNoStatusLine) {
  for (const char* line : {"", "OK", "+OKAY", "-ERROR", "* OK", "220 ready", "+x"}) {
    EXPECT_EQ(Show(line), "none") << line;
  }
  EXPECT_EQ(Show("+OK " + std::string(kMaxPop3Line, 'x')), "none");
}

TEST(Pop3Response, BracketsThatAreNoCode) {
  EXPECT_EQ(Show("-ERR [not a code] x"), "error [] [not a code] x");
  EXPECT_EQ(Show("-ERR [] x"), "error [] [] x");
  EXPECT_EQ(Show("-ERR [AUTH x"), "error [] [AUTH x");
  EXPECT_EQ(Show("-ERR [" + std::string(70, 'a') + "]"), "error [] [" + std::string(70, 'a') + "]");
}

TEST(Pop3Response, ControlCharactersAreMadeSafe) {
  EXPECT_EQ(Show("-ERR a\x1b[31mb\x01"), "error [] a?[31mb?");
}

TEST(Pop3Response, Drops) {
  EXPECT_EQ(ParsePop3Drop("2 320")->messages, 2u);
  EXPECT_EQ(ParsePop3Drop("2 320 octets")->bytes, 320u);
  for (const char* text : {"", "2", "x 3", "-1 3", "4294967296 3", "2 x"}) {
    EXPECT_FALSE(ParsePop3Drop(text).has_value()) << text;
  }
}

TEST(Pop3Response, Entries) {
  EXPECT_EQ(ParsePop3Entry("1 whqtswO00WBw418f9t5JxYwZ"),
            (Pop3Entry{1, "whqtswO00WBw418f9t5JxYwZ"}));
  EXPECT_EQ(ParsePop3Entry("2  0000000a 320"), (Pop3Entry{2, "0000000a"}));
  EXPECT_EQ(ParsePop3Entry("3 " + std::string(70, 'u'))->uid.size(), 70u);
  const std::string too_long = "3 " + std::string(71, 'u');
  for (const char* line : {"", "1", "0 a", "x a", "1 \x7f", "1 \xc3\xa4", too_long.c_str()}) {
    EXPECT_FALSE(ParsePop3Entry(line).has_value()) << line;
  }
}

TEST(Pop3Response, DotsAreTakenOff) {
  EXPECT_TRUE(EndsPop3Lines("."));
  EXPECT_FALSE(EndsPop3Lines(".."));
  EXPECT_FALSE(EndsPop3Lines(""));
  EXPECT_EQ(UnstuffPop3Line(".."), ".");
  EXPECT_EQ(UnstuffPop3Line("..x"), ".x");
  EXPECT_EQ(UnstuffPop3Line("x."), "x.");
}

TEST(Pop3Response, Capabilities) {
  Pop3Capabilities capabilities;
  for (const char* line : {"TOP", "uidl", "SASL PLAIN  scram-sha-256", "LOGIN-DELAY 900 USER"}) {
    capabilities.Add(line);
  }
  EXPECT_TRUE(capabilities.Has("UIDL"));
  EXPECT_TRUE(capabilities.Has("SASL"));
  EXPECT_FALSE(capabilities.Has("SAS"));
  EXPECT_THAT(capabilities.Words("SASL"), ElementsAre("PLAIN", "SCRAM-SHA-256"));
  EXPECT_THAT(capabilities.Words("LOGIN-DELAY"), ElementsAre("900", "USER"));
  EXPECT_THAT(capabilities.Words("STLS"), ElementsAre());
  capabilities.Clear();
  EXPECT_FALSE(capabilities.Has("TOP"));
}

TEST(Pop3Response, CapabilitiesAreBounded) {
  Pop3Capabilities capabilities;
  for (int i = 0; i < 100; ++i) capabilities.Add("SASL A");
  capabilities.Add("SASL B");
  EXPECT_EQ(capabilities.Words("SASL").size(), 100u);
}

}  // namespace
}  // namespace postwatch
