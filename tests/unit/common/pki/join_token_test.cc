#include "common/pki/join_token.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00 UTC
const PeerIdentity kAgent{PeerRole::kAgent, "eu-west", "fra1"};

const IssuedCertificate& Authority() {
  static const auto* authority = new absl::StatusOr<IssuedCertificate>(
      MakeAuthority("ca", kNow - absl::Hours(1), absl::Hours(1000)));
  return **authority;
}

std::string Token() { return *MakeJoinToken(Authority(), kAgent, kNow, absl::Hours(1)); }

absl::Status Verify(std::string_view text, absl::Time now = kNow) {
  return VerifyJoinToken(text, Authority().certificate, now).status();
}

TEST(JoinToken, ComesBackAsItWasMade) {
  const std::string text = Token();
  EXPECT_EQ(text.substr(0, 4), "pw1.");
  EXPECT_LT(text.size(), 300u);
  const auto token = VerifyJoinToken(text, Authority().certificate, kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->identity, kAgent);
  EXPECT_EQ(token->id.size(), 32u);
  EXPECT_EQ(token->made, kNow);
  EXPECT_EQ(token->expires, kNow + absl::Hours(1));
  EXPECT_EQ(*ReadJoinToken(text), *token);
  EXPECT_NE(ReadJoinToken(Token())->id, token->id);
}

TEST(JoinToken, EndsToTheSecond) {
  const std::string text = Token();
  EXPECT_TRUE(Verify(text, kNow + absl::Minutes(60) - absl::Seconds(1)).ok());
  const absl::Status late = Verify(text, kNow + absl::Hours(1));
  EXPECT_EQ(late.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(late.message(),
            "the token expired 2026-11-02 13:00:00 UTC; make a new one with `postwatch ca token`");
}

TEST(JoinToken, AnotherAuthoritysIsRefused) {
  const auto other = MakeAuthority("ca", kNow, absl::Hours(1000));
  const std::string text = *MakeJoinToken(*other, kAgent, kNow, absl::Hours(1));
  const absl::Status status = Verify(text);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(status.message(),
            "the token was not made by this collector's authority, or was changed on its way");
  EXPECT_TRUE(
      VerifyJoinToken(text, Concat(Authority().certificate, other->certificate), kNow).ok());
  EXPECT_FALSE(VerifyJoinToken(text, "", kNow).ok());
}

// The key of one that is out of use may be anywhere.
TEST(JoinToken, AnAuthorityThatHasEndedVouchesForNobody) {
  const auto old = MakeAuthority("ca", kNow - absl::Hours(2), absl::Hours(1));
  const std::string text = *MakeJoinToken(*old, kAgent, kNow, absl::Hours(1));
  EXPECT_EQ(VerifyJoinToken(text, Concat(Authority().certificate, old->certificate), kNow)
                .status()
                .code(),
            absl::StatusCode::kUnauthenticated);
  const std::string before = *MakeJoinToken(*old, kAgent, kNow - absl::Hours(2), absl::Hours(2));
  EXPECT_TRUE(VerifyJoinToken(before, old->certificate, kNow - absl::Hours(2)).ok());
}

TEST(JoinToken, AnyChangedCharacterSpoilsIt) {
  const std::string text = Token();
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(Verify(changed).ok()) << i;
  }
}

// Whoever has a token may not make one for another agent of it.
TEST(JoinToken, AnotherPayloadUnderItsSignatureIsRefused) {
  const std::string text = Token();
  const std::string signature = text.substr(text.rfind('.'));
  const std::string payload =
      Concat("eu-west/other/", ReadJoinToken(text)->id, "/", absl::ToUnixSeconds(kNow), "/",
             absl::ToUnixSeconds(kNow + absl::Hours(1)));
  const std::string forged = Concat("pw1.", absl::WebSafeBase64Escape(payload), signature);
  ASSERT_EQ(ReadJoinToken(forged)->identity.name, "other");
  EXPECT_EQ(Verify(forged).code(), absl::StatusCode::kUnauthenticated);
}

TEST(JoinToken, WhatIsNoTokenIsSaidToBeNone) {
  const std::string signature = Token().substr(Token().rfind('.'));
  const auto with = [&signature](std::string_view payload) {
    return Concat("pw1.", absl::WebSafeBase64Escape(ToAbsl(payload)), signature);
  };
  const std::string id(32, 'a');
  for (const std::string& text :
       {std::string(),
        std::string("pw1"),
        std::string("pw1.."),
        Token() + ".x",
        std::string(513, 'p'),
        "pw2" + Token().substr(3),
        with("eu/a"),
        with("eu/a/" + id + "/1793620800"),
        with("eu/a/" + id + "/1793620800/1793620800"),
        with("eu/a/" + id + "/1793620800/1794225601"),
        with("eu/a/b/" + id + "/1793620800/1793620900"),
        with("EU/a/" + id + "/1793620800/1793620900"),
        with("eu/../" + id + "/1793620800/1793620900"),
        with("eu/a/" + id + "x/1793620800/1793620900"),
        with("eu/a/" + id + "/-1/1793620900"),
        with("eu/a/" + id + "/01793620800/1793620900"),
        with("*/a/" + id + "/1793620800/1793620900"),
        with("eu/*/" + id + "/1793620800/1793620900"),
        with("/a/" + id + "/1793620800/1793620900"),
        with(std::string("eu/a\0b/", 7) + id + "/1793620800/1793620900"),
        with("eu/a%00b/" + id + "/1793620800/1793620900"),
        with("eu/" + std::string(64, 'a') + "/" + id + "/1793620800/1793620900")}) {
    EXPECT_EQ(ReadJoinToken(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_FALSE(Verify(text).ok()) << text;
  }
  EXPECT_TRUE(ReadJoinToken(with("eu/a/" + id + "/1793620800/1793620900")).ok());
}

TEST(JoinToken, IsMadeForAgentsAndNotForLong) {
  const auto make = [](const PeerIdentity& identity, absl::Duration lifetime) {
    return MakeJoinToken(Authority(), identity, kNow, lifetime).status().code();
  };
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(make(kAgent, absl::Hours(168)), absl::StatusCode::kOk);
  EXPECT_EQ(make(kAgent, absl::Hours(169)), kBad);
  EXPECT_EQ(make(kAgent, absl::ZeroDuration()), kBad);
  EXPECT_EQ(make({PeerRole::kCollector, "", ""}, absl::Hours(1)), kBad);
  EXPECT_EQ(make({PeerRole::kAgent, "eu", "a/b"}, absl::Hours(1)), kBad);
  const IssuedCertificate mixed{Authority().certificate, *MakeKey()};
  EXPECT_EQ(MakeJoinToken(mixed, kAgent, kNow, absl::Hours(1)).status().code(), kBad);
}

}  // namespace
}  // namespace postwatch
