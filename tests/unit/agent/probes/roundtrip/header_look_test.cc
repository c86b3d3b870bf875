#include "agent/probes/roundtrip/header_look.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

const Secret& Key() {
  static const Secret key{std::string("a key")};
  return key;
}

std::string Token(const Secret& key = Key()) {
  return SignToken({std::string(32, 'a'), "r", absl::FromUnixSeconds(1793620800)}, key);
}

// "letter", "read" and what else is seen.
std::string Look(const std::string& headers) {
  const HeaderLook look = LookAtHeader(headers, Key());
  return Concat(look.letter.has_value() ? "letter " : "", look.read_whole ? "read " : "",
                look.unverified ? "unverified " : "", look.automatic ? "automatic " : "");
}

TEST(HeaderLookTest, OurMarkIsEnough) {
  EXPECT_EQ(Look(Concat("X-Probe-Token: ", Token(), "\r\n")), "letter ");
  EXPECT_EQ(Look(Concat("Message-ID: <", Token(), "@x>\r\nAuto-Submitted: auto-generated\r\n")),
            "letter ");
}

TEST(HeaderLookTest, WhatMaySpeakOfOurLettersIsReadWhole) {
  EXPECT_EQ(Look("Content-Type: multipart/report; boundary=b\r\n"), "read automatic ");
  EXPECT_EQ(Look("X-Failed-Recipients: a@b\r\n"), "read automatic ");
  EXPECT_EQ(Look("From: MAILER-DAEMON@b\r\n"), "read ");
  EXPECT_EQ(Look("Return-Path: <>\r\n"), "read ");
  EXPECT_EQ(Look("Subject: Re: [mail-probe] r\r\n"), "read ");
  EXPECT_EQ(Look(Concat("In-Reply-To: <", Token(), "@x>\r\nAuto-Submitted: auto-replied\r\n")),
            "read automatic ");
  EXPECT_EQ(Look(Concat("X-Probe-Token: ", Token(), "\r\nAuto-Submitted: auto-replied\r\n")),
            "read automatic ");
}

TEST(HeaderLookTest, OtherPeoplesMessagesAreLeftUnread) {
  EXPECT_EQ(Look("From: a@b\r\nSubject: hello\r\n"), "");
  EXPECT_EQ(Look("List-Id: <l>\r\n"), "automatic ");
  EXPECT_EQ(Look("Precedence: Bulk\r\n"), "automatic ");
  EXPECT_EQ(Look("Auto-Submitted: no\r\n"), "");
  EXPECT_EQ(Look(Concat("X-Probe-Token: ", Token(Secret(std::string("other"))), "\r\n")),
            "unverified ");
}

}  // namespace
}  // namespace postwatch::agent
