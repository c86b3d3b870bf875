#include "agent/unknown_replies.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

class UnknownRepliesTest : public ::testing::Test {
 protected:
  void See(const std::string& text, const std::string& rule = "basic.rcpt.unknown") {
    Observation observation;
    observation.findings.push_back(
        {FailureClass::kSmtpServerPerm, "rcpt", "", Reply{550, "", text, rule}});
    replies_.Count(observation, now_);
  }

  std::vector<std::string> told_;
  UnknownReplies replies_{
      [this](const Reply& reply, const Observation&) { told_.push_back(reply.text); }};
  absl::Duration now_ = absl::Hours(1);
};

TEST_F(UnknownRepliesTest, EachTextIsToldOnceAndCountedAlways) {
  See("go away 17");
  See("go away 18");
  See("not you");
  See("no such user", "text.no-user");
  EXPECT_EQ(replies_.count(), 3u);
  EXPECT_EQ(told_, (std::vector<std::string>{"go away 17", "not you"}));
}

TEST_F(UnknownRepliesTest, TheFailureCountsToo) {
  Observation observation;
  observation.failure = Failure{FailureClass::kSmtpServerPerm, "rcpt", "",
                                Reply{599, "", "odd", "basic.unclassified"}};
  replies_.Count(observation, now_);
  EXPECT_EQ(replies_.count(), 1u);
  observation.failure->reply.reset();
  replies_.Count(observation, now_);
  EXPECT_EQ(replies_.count(), 1u);
}

TEST_F(UnknownRepliesTest, AFloodIsBounded) {
  for (char a = 'a'; a <= 'z'; ++a) See(std::string(3, a));
  EXPECT_EQ(told_.size(), 10u);
  for (int i = 0; i < 2000; ++i) {
    now_ += absl::Minutes(1);
    std::string text;
    for (int rest = i; rest > 0; rest /= 26) text += static_cast<char>('a' + rest % 26);
    See(Concat("text ", text));
  }
  EXPECT_EQ(told_.size(), 1000u);
  EXPECT_EQ(replies_.count(), 2026u);
}

}  // namespace
}  // namespace postwatch::agent
