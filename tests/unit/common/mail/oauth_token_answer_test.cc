#include "common/mail/oauth_token_answer.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

TEST(OauthTokenAnswer, Token) {
  const std::optional<OauthTokenAnswer> answer = ParseOauthTokenAnswer(
      R"({"access_token":"ya29.x-Y","token_type":"Bearer","expires_in":3599,"scope":"mail"})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->access_token.Reveal(), "ya29.x-Y");
  EXPECT_EQ(answer->lasts, absl::Seconds(3599));
  EXPECT_EQ(answer->error, "");
}

TEST(OauthTokenAnswer, HowLongItLasts) {
  const auto lasts = [](std::string_view value) {
    return ParseOauthTokenAnswer(Concat(R"({"access_token":"a","expires_in":)", value, "}"))->lasts;
  };
  EXPECT_EQ(lasts("\"3600\""), absl::Hours(1));
  EXPECT_EQ(lasts("90.0"), absl::Seconds(90));
  EXPECT_EQ(lasts("-5"), absl::ZeroDuration());
  EXPECT_EQ(lasts("1e300"), absl::Hours(24 * 365 * 10));
  EXPECT_EQ(lasts("\"soon\""), absl::Minutes(5));
  EXPECT_EQ(ParseOauthTokenAnswer(R"({"access_token":"a"})")->lasts, absl::Minutes(5));
}

TEST(OauthTokenAnswer, Errors) {
  const std::optional<OauthTokenAnswer> answer = ParseOauthTokenAnswer(
      R"({"error":"invalid_grant","error_description":"Token has been\nexpired\u0001 or revoked."})");
  EXPECT_EQ(answer->error, "invalid_grant");
  EXPECT_EQ(answer->description, "Token has been\nexpired? or revoked.");
  EXPECT_TRUE(answer->access_token.empty());
}

TEST(OauthTokenAnswer, WhatIsNone) {
  const std::string deep(100, '[');
  const std::string long_token = Concat(R"({"access_token":")", std::string(17000, 'a'), "\"}");
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"), deep,
        std::string(R"({"access_token":""})"), std::string(R"({"access_token":"a b"})"),
        std::string(R"({"access_token":"a\r\nb"})"), std::string(R"({"access_token":5})"),
        std::string(R"({"access_token":"a","token_type":"mac"})"), long_token,
        std::string(70000, ' ')}) {
    EXPECT_FALSE(ParseOauthTokenAnswer(body).has_value()) << body.substr(0, 60);
  }
}

TEST(OauthTokenAnswer, FormFields) {
  std::string form;
  AppendFormField(form, "a", "x-._~9");
  AppendFormField(form, "b", "1//0g &=\xc3\xa4");
  EXPECT_EQ(form, "a=x-._~9&b=1%2F%2F0g%20%26%3D%C3%A4");
}

}  // namespace
}  // namespace postwatch
