#include "collector/web/query_reader.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

using Query = std::map<std::string, std::string>;

std::string Mistake(const QueryReader& in) {
  EXPECT_TRUE(in.Finish().ok() || absl::IsInvalidArgument(in.Finish()));
  return std::string(FromAbsl(in.Finish().message()));
}

TEST(QueryReader, ReadsWhatIsThereAndFallsBackOnWhatIsNot) {
  const Query query = {{"agent", "eu-1"}, {"state", "open"}, {"limit", "7"}, {"target", ""}};
  QueryReader in(query);
  EXPECT_EQ(in.Text("agent"), "eu-1");
  EXPECT_EQ(in.Text("target"), "");
  EXPECT_EQ(in.Text("check"), "");
  EXPECT_EQ(in.Choice("state", {"open", "all"}, "all"), "open");
  EXPECT_EQ(in.Choice("outcome", {"pass", "fail"}, "any"), "any");
  EXPECT_EQ(in.Number("limit", 1, 1000, 100), 7);
  EXPECT_EQ(in.Number("since", 0, 9, -1), -1);
  EXPECT_EQ(Mistake(in), "");
}

TEST(QueryReader, AChoiceIsOneOfThoseThereAre) {
  for (const char* value : {"banana", "", "Open", "open "}) {
    const Query query = {{"state", value}};
    QueryReader in(query);
    in.Choice("state", {"open", "all"}, "all");
    EXPECT_EQ(Mistake(in), Concat("state: '", value, "' is not one of open, all"));
  }
}

TEST(QueryReader, ANumberIsWholeAndInItsRange) {
  const auto mistake_of = [](const std::string& value) {
    const Query query = {{"limit", value}};
    QueryReader in(query);
    in.Number("limit", 1, 1000, 100);
    return Mistake(in);
  };
  EXPECT_EQ(mistake_of("1"), "");
  EXPECT_EQ(mistake_of("1000"), "");
  for (const char* bad : {"0", "-5", "1001", "many", "", "7.5", "99999999999999999999", "7x"}) {
    EXPECT_EQ(mistake_of(bad), Concat("limit: '", bad, "' is not a whole number from 1 to 1000"));
  }
}

TEST(QueryReader, UnknownParametersAreNamedWithThoseThereAre) {
  const Query query = {{"limt", "7"}};
  QueryReader some(query);
  some.Number("limit", 1, 1000, 100);
  some.Text("state");
  EXPECT_EQ(Mistake(some), "'limt' is no parameter here; there are limit, state");
  EXPECT_EQ(Mistake(QueryReader(query)), "'limt' is no parameter here; there are none");
}

TEST(QueryReader, TheFirstMistakeIsToldAndCutToSize) {
  const Query query = {{"a", std::string(300, 'x')}, {"b", "y"}};
  QueryReader in(query);
  in.Number("a", 0, 1, 0);
  in.Number("b", 0, 1, 0);
  EXPECT_EQ(Mistake(in),
            Concat("a: '", std::string(100, 'x'), "' is not a whole number from 0 to 1"));
}

}  // namespace
}  // namespace postwatch::collector
