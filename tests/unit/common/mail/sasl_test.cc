#include "common/mail/sasl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

constexpr size_t kAnyLength = 10000;

std::unique_ptr<SaslExchange> Make(std::string_view mechanism, std::string username,
                                   std::string secret, std::string nonce = "nonce") {
  SaslCredential credential;
  credential.username = std::move(username);
  credential.secret = Secret(std::move(secret));
  credential.host = "mail.a.example";
  credential.port = 993;
  return MakeSaslExchange(mechanism, credential, std::move(nonce)).value();
}

std::string Decoded(const std::optional<std::string>& line) {
  std::string text;
  return line.has_value() && absl::Base64Unescape(*line, &text) ? text : "?";
}

// The exchange's answer to an unencoded challenge, decoded; "*" for a cancellation.
std::string Say(SaslExchange& exchange, std::string_view challenge) {
  const std::string line = exchange.Answer(Base64(challenge));
  return line == "*" ? line : Decoded(line);
}

TEST(Sasl, TheBestOfWhatIsOffered) {
  const Words all = {"LOGIN", "plain", "SCRAM-SHA-1", "scram-sha-256", "XOAUTH2", "OAUTHBEARER"};
  EXPECT_EQ(ChooseSaslMechanism(all, {}, false), "SCRAM-SHA-256");
  EXPECT_EQ(ChooseSaslMechanism({"LOGIN", "SCRAM-SHA-1", "PLAIN"}, {}, false), "SCRAM-SHA-1");
  EXPECT_EQ(ChooseSaslMechanism({"LOGIN", "PLAIN", "CRAM-MD5"}, {}, false), "PLAIN");
  EXPECT_EQ(ChooseSaslMechanism({"NTLM", "login"}, {}, false), "LOGIN");
  EXPECT_EQ(ChooseSaslMechanism({"NTLM", "XOAUTH2"}, {}, false), "");
  EXPECT_EQ(ChooseSaslMechanism(all, {"LOGIN", "plain"}, false), "PLAIN");
  EXPECT_EQ(ChooseSaslMechanism({"PLAIN"}, {"LOGIN"}, false), "");
  EXPECT_EQ(ChooseSaslMechanism(all, {}, true), "OAUTHBEARER");
  EXPECT_EQ(ChooseSaslMechanism({"PLAIN", "XOAUTH2"}, {}, true), "XOAUTH2");
  EXPECT_EQ(ChooseSaslMechanism({"PLAIN"}, {}, true), "");
}

TEST(Sasl, PlainIsOneMessage) {
  const auto exchange = Make("PLAIN", "tim", "tanstaaftanstaaf");
  EXPECT_EQ(Decoded(exchange->Initial(kAnyLength)),
            std::string_view("\0tim\0tanstaaftanstaaf", 21));
  EXPECT_EQ(Say(*exchange, ""), std::string_view("\0tim\0tanstaaftanstaaf", 21));
  EXPECT_EQ(Say(*exchange, ""), "*");
}

TEST(Sasl, WhatIsTooLongWaitsToBeAsked) {
  const auto exchange = Make("PLAIN", "tim", std::string(600, 'x'));
  EXPECT_FALSE(exchange->Initial(500).has_value());
  EXPECT_EQ(Say(*exchange, "").size(), 605u);
}

TEST(Sasl, LoginAnswersWhateverIsAsked) {
  const auto exchange = Make("LOGIN", "tim", "tanstaaf");
  EXPECT_FALSE(exchange->Initial(kAnyLength).has_value());
  EXPECT_EQ(Decoded(exchange->Answer("VXNlcm5hbWU6")), "tim");
  EXPECT_EQ(Decoded(exchange->Answer("in plain words, Password:")), "tanstaaf");
  EXPECT_EQ(exchange->Answer("Li4u"), "*");
}

TEST(Sasl, ScramSha256AsInRfc7677) {
  const auto exchange = Make("SCRAM-SHA-256", "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(Decoded(exchange->Initial(kAnyLength)), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(Say(*exchange,
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_EQ(exchange->ServerFault(false), "");
  EXPECT_THAT(exchange->ServerFault(true), HasSubstr("without proving"));
  EXPECT_EQ(Say(*exchange, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), "");
  EXPECT_EQ(exchange->ServerFault(true), "");
}

TEST(Sasl, ScramSha1AsInRfc5802) {
  const auto exchange = Make("SCRAM-SHA-1", "user", "pencil", "fyko+d2lbbFgONRv9qkxdawL");
  EXPECT_EQ(Decoded(exchange->Initial(kAnyLength)), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  EXPECT_EQ(
      Say(*exchange, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
      "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  EXPECT_EQ(Say(*exchange, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), "");
  EXPECT_EQ(exchange->ServerFault(true), "");
}

TEST(Sasl, ScramNamesAreEscaped) {
  const auto exchange = Make("SCRAM-SHA-256", "a=b,c", "x", "n1");
  EXPECT_EQ(Decoded(exchange->Initial(kAnyLength)), "n,,n=a=3Db=2Cc,r=n1");
}

// What is said of a server that answers `first` to the nonce "abc", and `last` to the proof.
std::string ScramFault(std::string_view first, std::string_view last = "") {
  const auto exchange = Make("SCRAM-SHA-256", "user", "pencil", "abc");
  exchange->Initial(kAnyLength);
  if (Say(*exchange, first) != "*") {
    EXPECT_EQ(Say(*exchange, last), "*");
  }
  EXPECT_EQ(Say(*exchange, "v=AAAA"), "*");
  return exchange->ServerFault(false);
}

TEST(Sasl, ScramServersThatAreNotBelieved) {
  EXPECT_THAT(ScramFault("r=xyz123,s=W22ZaJ0S,i=4096"), HasSubstr("does not begin with ours"));
  EXPECT_THAT(ScramFault("r=abc,s=W22ZaJ0S,i=4096"), HasSubstr("does not begin with ours"));
  EXPECT_EQ(ScramFault("r=abcd,s=W22ZaJ0S,i=4095"),
            "the server asks for 4095 SCRAM iterations; we take 4096 to 600000");
  EXPECT_THAT(ScramFault("r=abcd,s=W22ZaJ0S,i=600001"), HasSubstr("600001"));
  for (const char* first :
       {"", "r=abcd", "r=abcd,s=,i=4096", "r=abcd,s=!!,i=4096", "r=abcd,s=W22ZaJ0S,i=x",
        "m=ext,r=abcd,s=W22ZaJ0S,i=4096", "i=4096,s=W22ZaJ0S,r=abcd"}) {
    EXPECT_THAT(ScramFault(first), HasSubstr("malformed")) << first;
  }
  for (const char* last : {"", "v=", "v=AAAA", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="}) {
    EXPECT_EQ(ScramFault("r=abcd,s=W22ZaJ0S,i=4096", last), "the server's SCRAM signature is wrong")
        << last;
  }
}

TEST(Sasl, ScramRefusalsAreLeftToTheProtocol) {
  const auto exchange = Make("SCRAM-SHA-256", "user", "pencil", "abc");
  exchange->Initial(kAnyLength);
  Say(*exchange, "r=abcd,s=W22ZaJ0S,i=4096");
  EXPECT_EQ(exchange->Answer(Base64("e=invalid-proof")), "");
  EXPECT_EQ(exchange->ServerFault(false), "");
}

TEST(Sasl, Xoauth2AnswersTheErrorWithAnEmptyLine) {
  const auto exchange = Make("XOAUTH2", "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhd");
  EXPECT_EQ(Decoded(exchange->Initial(kAnyLength)),
            "user=someuser@example.com\x01"
            "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhd\x01\x01");
  EXPECT_EQ(exchange->Answer(Base64(R"({"status":"401"})")), "");
  EXPECT_EQ(exchange->Answer(""), "*");
}

TEST(Sasl, OauthBearerAnswersTheErrorWithOneByte) {
  const auto exchange = Make("OAUTHBEARER", "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHR");
  EXPECT_EQ(Decoded(exchange->Initial(kAnyLength)),
            "n,a=user@example.com,\x01host=mail.a.example\x01port=993\x01"
            "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHR\x01\x01");
  EXPECT_EQ(exchange->Answer(Base64(R"({"status":"invalid_token"})")), "AQ==");
  EXPECT_EQ(exchange->Answer(""), "*");
}

TEST(Sasl, WhatWasSentIsScrubbed) {
  for (const std::string_view mechanism : {"PLAIN", "OAUTHBEARER", "XOAUTH2"}) {
    const auto exchange = Make(mechanism, "user", "s3cret-Pass/Word");
    const std::string line = exchange->Initial(kAnyLength).value();
    const std::string seen =
        exchange->scrubber().Scrub(Concat("got ", line, " and s3cret-Pass/Word"));
    EXPECT_THAT(seen, testing::MatchesRegex("got \\*\\*\\*=* and \\*\\*\\*")) << mechanism;
  }
}

TEST(Sasl, CredentialsThatInjectAreRefused) {
  EXPECT_TRUE(CheckSaslCredential("user", "pass word\xc3\xa4").ok());
  for (const std::string& bad : {std::string("a\rb"), std::string("a\nb"), std::string("a\0b", 3),
                                 std::string("a\x01"
                                             "b")}) {
    EXPECT_THAT(CheckSaslCredential(bad, "x").message(), HasSubstr("the user name holds"));
    const absl::Status refused = CheckSaslCredential("user", bad);
    EXPECT_THAT(refused.message(), HasSubstr("the password holds"));
    EXPECT_THAT(refused.message(), Not(HasSubstr(bad)));
  }
}

}  // namespace
}  // namespace postwatch
