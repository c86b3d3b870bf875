#include "common/http/request_target.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using Query = std::map<std::string, std::string>;

struct Split {
  bool ok = false;
  std::string path;
  Query query;
};

Split Of(std::string_view target) {
  Split split;
  split.ok = SplitTarget(target, split.path, split.query);
  return split;
}

TEST(SplitTarget, DecodesPathAndQuery) {
  const Split split = Of("/a%20b/c+d?x=1&y=%C3%A9&z=a+b&empty=&bare&&x=2");
  EXPECT_TRUE(split.ok);
  EXPECT_EQ(split.path, "/a b/c+d");  // + is a space in queries only
  EXPECT_EQ(split.query,
            (Query{{"x", "2"}, {"y", "\xc3\xa9"}, {"z", "a b"}, {"empty", ""}, {"bare", ""}}));
}

TEST(SplitTarget, TheFirstQuestionMarkAndTheFirstEqualsSignSplit) {
  const Split split = Of("/p?a=b=c?d");
  EXPECT_TRUE(split.ok);
  EXPECT_EQ(split.path, "/p");
  EXPECT_EQ(split.query, (Query{{"a", "b=c?d"}}));
  EXPECT_EQ(Of("/p?").query, Query{});
  EXPECT_EQ(Of("").path, "");
}

TEST(SplitTarget, DecodesOnceAndNotBeforeSplitting) {
  EXPECT_EQ(Of("/%2541").path, "/%41");
  EXPECT_EQ(Of("/%3Fx=1").path, "/?x=1");
  EXPECT_EQ(Of("/p?a%26b=%3D").query, (Query{{"a&b", "="}}));
  EXPECT_EQ(Of("/%00x").path, std::string("/\0x", 3));
}

TEST(JoinTarget, IsSplitAgainAsItWas) {
  EXPECT_EQ(JoinTarget("/a b/c?d", {}), "/a%20b/c%3Fd");
  const std::map<std::string, std::string> query = {{"a&b", "=+ %\xff"}, {"z", ""}};
  EXPECT_EQ(JoinTarget("/", query), "/?a%26b=%3D%2B%20%25%FF&z=");
  std::string path;
  std::map<std::string, std::string> again;
  ASSERT_TRUE(SplitTarget(JoinTarget("/x/%", query), path, again));
  EXPECT_EQ(path, "/x/%");
  EXPECT_EQ(again, query);
}

TEST(SplitTarget, RefusesBrokenEscapes) {
  for (const char* bad : {"/%", "/%4", "/%4g", "/%g4", "/a?%", "/a?x=%f", "/a?x=%zz"}) {
    EXPECT_FALSE(Of(bad).ok) << bad;
  }
}

}  // namespace
}  // namespace postwatch
