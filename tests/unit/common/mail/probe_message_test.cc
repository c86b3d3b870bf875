#include "common/mail/probe_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "common/base/text.h"
#include "common/mail/mime.h"
#include "tests/unit/common/mail/mutations.h"

namespace postwatch {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kDomain = "probe.a.example";

const Secret& Key() {
  static const Secret key{std::string("a fleet key of some length")};
  return key;
}

ProbeToken Token() {
  return {"0123456789abcdef0123456789abcdef", "a-to.b_2", absl::FromUnixSeconds(1793620800)};
}

std::string Letter(bool eight_bit) {
  const ProbeLetter letter{"probe@a.example", "probe@b.example", Token(), eight_bit};
  return ComposeProbeMessage(letter, Key(), kDomain);
}

std::string Swap(std::string text, std::string_view from, std::string_view to) {
  EXPECT_NE(text.find(from), text.npos) << from;
  return absl::StrReplaceAll(text, {{ToAbsl(from), ToAbsl(to)}});
}

// The letter put into a message that a list or gateway might make of it.
std::string Wrapped(std::string_view header, std::string_view before, std::string_view after) {
  const std::string letter = Letter(true);
  const MimeEntity entity = SplitEntity(letter);
  return Concat(header, before, entity.body, after);
}

Integrity IntegrityOf(std::string_view message) {
  const std::optional<ReceivedProbe> probe = ReadProbeMessage(message, Key());
  EXPECT_TRUE(probe.has_value());
  if (!probe.has_value()) return Integrity::kCorrupted;
  EXPECT_EQ(probe->token, Token());
  EXPECT_EQ(probe->kind, ProbeMessageKind::kLetter);
  return probe->integrity;
}

TEST(ProbeToken, SignAndVerify) {
  const std::string text = SignToken(Token(), Key());
  EXPECT_TRUE(std::string_view(text).starts_with(
      "pw1.0123456789abcdef0123456789abcdef.a-to.b_2.1793620800."));
  EXPECT_EQ(text.size(), 57u + 32u);
  EXPECT_EQ(VerifyToken(text, Key()), Token());
}

TEST(ProbeToken, AnyChangeIsRefused) {
  const std::string text = SignToken(Token(), Key());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_EQ(VerifyToken(changed, Key()), std::nullopt) << changed;
    EXPECT_EQ(VerifyToken(text.substr(0, i), Key()), std::nullopt);
  }
  EXPECT_EQ(VerifyToken(Concat(text, "0"), Key()), std::nullopt);
  EXPECT_EQ(VerifyToken(text, Secret(std::string("another key"))), std::nullopt);
}

TEST(ProbeToken, SignedNonsenseIsNoToken) {
  for (const ProbeToken& token :
       {ProbeToken{"short", "a", absl::UnixEpoch()},
        ProbeToken{std::string(32, 'X'), "a", absl::UnixEpoch()},
        ProbeToken{std::string(32, 'a'), "", absl::UnixEpoch()},
        ProbeToken{std::string(32, 'a'), std::string(70, 'r'), absl::UnixEpoch()}}) {
    EXPECT_EQ(VerifyToken(SignToken(token, Key()), Key()), std::nullopt);
  }
}

TEST(ProbeMessage, HeadersAndForm) {
  const std::string message = Letter(false);
  const std::string token = SignToken(Token(), Key());
  EXPECT_THAT(message, testing::StartsWith(Concat("From: <probe@a.example>\r\n"
                                                  "To: <probe@b.example>\r\n"
                                                  "Date: Mon, 02 Nov 2026 12:00:00 +0000\r\n"
                                                  "Message-ID: <",
                                                  token,
                                                  "@probe.a.example>\r\n"
                                                  "Subject: [mail-probe] a-to.b_2 01234567\r\n"
                                                  "Auto-Submitted: auto-generated\r\n"
                                                  "X-Auto-Response-Suppress: All\r\n"
                                                  "X-Probe-Token: ",
                                                  token,
                                                  "\r\n"
                                                  "X-Probe-Version: 1\r\n"
                                                  "X-Probe-Encoding: quoted-printable\r\n"
                                                  "MIME-Version: 1.0\r\n"
                                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                                  "Content-Transfer-Encoding: quoted-printable\r\n"
                                                  "\r\n"
                                                  "Postwatch probe pw1.")));
  EXPECT_GE(message.size(), 2048u);
  EXPECT_LE(message.size(), 4096u);
  for (const char c : message) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  for (const std::string_view line : Split(message, '\n')) {
    EXPECT_TRUE(line.empty() || line.ends_with('\r'));
    EXPECT_LE(line.size(), 160u);
  }
  EXPECT_TRUE(std::string_view(message).ends_with("--- canary 1 ends ---\r\n"));
}

TEST(ProbeMessage, EightBitBodyHoldsTheCanaryAsItIs) {
  const std::string message = Letter(true);
  EXPECT_THAT(message, HasSubstr("Content-Transfer-Encoding: 8bit\r\n"));
  EXPECT_THAT(message, HasSubstr("\r\n.\r\n..\r\n.x a dot"));
  EXPECT_THAT(message, HasSubstr("\r\nFrom here on"));
  EXPECT_THAT(message, HasSubstr("end  \r\n"));
  EXPECT_THAT(message, HasSubstr("Gr\xc3\xbc\xc3\x9f"
                                 "e"));
}

TEST(ProbeMessage, AddressesCannotAddHeaders) {
  const ProbeLetter letter{"a@a.example>\r\nBcc: <x@c.example", "b@b.example", Token(), true};
  EXPECT_THAT(ComposeProbeMessage(letter, Key(), "d\r\nX: y"), Not(HasSubstr("\nBcc:")));
}

TEST(ProbeMessage, ComesBackExact) {
  EXPECT_EQ(IntegrityOf(Letter(true)), Integrity::kExact);
  EXPECT_EQ(IntegrityOf(Letter(false)), Integrity::kExact);
}

TEST(ProbeMessage, ReencodedOnTheWayIsExact) {
  const std::string letter = Letter(true);
  const MimeEntity entity = SplitEntity(letter);
  const std::string base64 = absl::Base64Escape(ToAbsl(entity.body));
  EXPECT_EQ(IntegrityOf(Concat("Content-Type: text/plain\r\n",
                               "Content-Transfer-Encoding: base64\r\n\r\n", base64)),
            Integrity::kExact);
}

TEST(ProbeMessage, LineEndsAndTrailingSpaceAreCanonical) {
  EXPECT_EQ(IntegrityOf(Swap(Letter(true), "\r\n", "\n")), Integrity::kCanonical);
  EXPECT_EQ(IntegrityOf(Swap(Letter(true), "end  \r\n", "end\r\n")), Integrity::kCanonical);
  EXPECT_EQ(IntegrityOf(Concat(Letter(true), "\r\n\r\n")), Integrity::kCanonical);
}

TEST(ProbeMessage, AdditionsAreRewritten) {
  EXPECT_EQ(IntegrityOf(Concat(Letter(true), "-- \r\nScanned by mx.b.example\r\n")),
            Integrity::kRewritten);
  EXPECT_EQ(IntegrityOf(Wrapped("Subject: [EXTERNAL] x\r\n\r\n", "CAUTION: external mail\r\n", "")),
            Integrity::kRewritten);
}

TEST(ProbeMessage, FooterInAPartOfItsOwn) {
  EXPECT_EQ(
      IntegrityOf(Wrapped("Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                          "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
                          "\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>footer</p>\r\n--b--\r\n")),
      Integrity::kExact);
}

TEST(ProbeMessage, DamageIsCorrupted) {
  EXPECT_EQ(IntegrityOf(Swap(Letter(true), "\r\n..\r\n", "\r\n.\r\n")), Integrity::kCorrupted);
  EXPECT_EQ(IntegrityOf(Swap(Letter(true), "\r\nFrom here", "\r\n>From here")),
            Integrity::kCorrupted);
  EXPECT_EQ(IntegrityOf(Swap(Letter(true), "\xc3\xbc", "?")), Integrity::kCorrupted);
  EXPECT_EQ(IntegrityOf(SplitEntity(Letter(true)).headers), Integrity::kCorrupted);
}

TEST(ProbeMessage, TokenIsFoundWhereverItSurvived) {
  const std::string token = SignToken(Token(), Key());
  EXPECT_EQ(FindToken(Concat("x-probe-token:\r\n ", token, "\r\n"), Key()), Token());
  EXPECT_EQ(FindToken(Concat("Message-Id: <", token, "@x>\r\n"), Key()), Token());
  EXPECT_EQ(FindToken(Concat("X-Probe-Token: pw1.forged\r\nX-Probe-Token: ", token), Key()),
            Token());
  EXPECT_EQ(FindToken(Concat("Subject: ", token, "\r\n"), Key()), std::nullopt);
  EXPECT_EQ(IntegrityOf(Wrapped("Message-ID: <rewritten@x>\r\n\r\n", "", "")), Integrity::kExact);
}

TEST(ProbeMessage, ForeignAndForgedMessagesAreNothing) {
  EXPECT_EQ(ReadProbeMessage("", Key()), std::nullopt);
  EXPECT_EQ(ReadProbeMessage("Subject: hello\r\n\r\nhello\r\n", Key()), std::nullopt);
  EXPECT_EQ(ReadProbeMessage(Letter(true), Secret(std::string("another key"))), std::nullopt);
  std::string late = "Subject: quoted\r\n\r\n";
  for (int i = 0; i < 30; ++i) late += "> line\r\n";
  EXPECT_EQ(ReadProbeMessage(Concat(late, SignToken(Token(), Key()), "\r\n"), Key()), std::nullopt);
}

TEST(ProbeMessage, ReportsAreNotTheLetter) {
  const std::string bounce =
      Concat("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n",
             "--b\r\n\r\nYour message could not be delivered.\r\n",
             "--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
             "--b\r\nContent-Type: message/rfc822\r\n\r\n", Letter(true), "\r\n--b--\r\n");
  const std::optional<ReceivedProbe> probe = ReadProbeMessage(bounce, Key());
  ASSERT_TRUE(probe.has_value());
  EXPECT_EQ(probe->kind, ProbeMessageKind::kReport);
  EXPECT_EQ(probe->token, Token());
  const std::string_view exim = "X-Failed-Recipients: probe@b.example\r\n\r\n";
  EXPECT_EQ(ReadProbeMessage(Wrapped(exim, "", ""), Key())->kind, ProbeMessageKind::kReport);
  const std::string qmail =
      Concat("From: MAILER-DAEMON@b.example\r\n\r\nHi. This is the qmail-send program.\r\n",
             "<probe@b.example>:\r\nSorry. (#5.1.1)\r\n\r\n",
             "--- Below this line is a copy of the message.\r\n\r\n", Letter(true));
  ASSERT_TRUE(ReadProbeMessage(qmail, Key()).has_value());
  EXPECT_EQ(ReadProbeMessage(qmail, Key())->kind, ProbeMessageKind::kReport);
}

TEST(ProbeMessage, AnAnswerIsNeitherLetterNorReport) {
  const std::string token = SignToken(Token(), Key());
  for (const std::string& answer :
       {Wrapped("Auto-Submitted: auto-replied\r\n\r\n", "", ""),
        Concat("In-Reply-To: <", token, "@a.example>\r\n\r\nGot it.\r\n"),
        Concat("References: <x@y>\r\n <", token, "@a.example>\r\n\r\nGot it.\r\n"),
        Concat("Subject: Re: your letter\r\n\r\n> Postwatch probe ", token, "\r\n")}) {
    const std::optional<ReceivedProbe> probe = ReadProbeMessage(answer, Key());
    ASSERT_TRUE(probe.has_value()) << answer;
    EXPECT_EQ(probe->kind, ProbeMessageKind::kReply) << answer;
    EXPECT_EQ(probe->token, Token());
  }
}

TEST(ProbeMessage, ATokenThatDoesNotVerifyIsSeen) {
  const std::string headers = Concat("X-Probe-Token: ", SignToken(Token(), Key()), "\r\n");
  EXPECT_FALSE(HasUnverifiedToken(headers, Key()));
  EXPECT_TRUE(HasUnverifiedToken(headers, Secret(std::string("another key"))));
  EXPECT_FALSE(HasUnverifiedToken("Message-ID: <pw1.news@list.example>\r\n", Key()));
}

TEST(ProbeMessage, AnUntouchedLetterHasNoChange) {
  for (const bool eight_bit : {false, true}) {
    const std::optional<ReceivedProbe> probe = ReadProbeMessage(Letter(eight_bit), Key());
    EXPECT_EQ(Join(probe->header.changes, "; "), "");
    EXPECT_EQ(probe->header.damage, "");
  }
}

HeaderCheck Changed(std::string_view from, std::string_view to) {
  return ReadProbeMessage(Swap(Letter(true), from, to), Key())->header;
}

TEST(ProbeMessage, ChangesOfTheHeaderAreToldFromDamage) {
  EXPECT_EQ(Join(Changed("Subject: ", "Subject: [EXTERNAL] ").changes, "; "),
            "the subject became '[EXTERNAL] [mail-probe] a-to.b_2 01234567'");
  EXPECT_EQ(
      Join(Changed("Content-Transfer-Encoding: 8bit", "Content-Transfer-Encoding: base64").changes,
           "; "),
      "the encoding went from 8bit to 'base64'");
  EXPECT_EQ(Join(Changed("X-Probe-Token", "X-Gone").changes, "; "),
            "the field X-Probe-Token was removed");
  EXPECT_EQ(Changed("Subject: [mail-probe]", "Subject: hello").damage,
            "the subject is 'hello a-to.b_2 01234567' instead of '[mail-probe] a-to.b_2 01234567'");
  EXPECT_EQ(Changed("From: <", "X-From: <").damage, "the field From is gone");
  EXPECT_EQ(Changed("12:00:00", "12:00:01").damage,
            "the Date is 'Mon, 02 Nov 2026 12:00:01 +0000', which is not when the letter was sent");
  EXPECT_EQ(Changed("12:00:00 +0000", "13:00:00 +0100").damage, "");
}

TEST(ProbeMessage, AsksForNoReceipt) {
  for (const std::string_view name :
       {"Disposition-Notification-To", "Return-Receipt-To", "X-Confirm-Reading-To"}) {
    EXPECT_EQ(Letter(true).find(name), std::string::npos) << name;
  }
}

TEST(ProbeMessage, IntegrityNames) {
  EXPECT_EQ(IntegrityName(Integrity::kExact), "exact");
  EXPECT_EQ(IntegrityName(Integrity::kCanonical), "canonical");
  EXPECT_EQ(IntegrityName(Integrity::kRewritten), "rewritten");
  EXPECT_EQ(IntegrityName(Integrity::kCorrupted), "corrupted");
}

TEST(ProbeMessage, SurvivesMutations) {
  const std::string multipart =
      Wrapped("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\n", "\r\n--b--\r\n");
  for (const std::string& seed : {Letter(true), Letter(false), multipart}) {
    for (const std::string& message : Mutations(seed, 200)) {
      const std::optional<ReceivedProbe> probe = ReadProbeMessage(message, Key());
      if (!probe.has_value()) continue;
      ASSERT_EQ(probe->token, Token());
    }
  }
}

}  // namespace
}  // namespace postwatch
