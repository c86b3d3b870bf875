#include "common/model/settings.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

Settings At(std::string text, int line) {
  return Settings::Scalar(std::move(text), Concat("a.yaml:", line));
}

// A map whose entries were written on lines 2, 3, ... in the order given.
Settings MapOf(std::vector<std::pair<std::string, std::string>> entries) {
  Settings map = Settings::Map("a.yaml:1");
  int line = 2;
  for (auto& [key, value] : entries) map.Set(std::move(key), At(std::move(value), line++));
  return map;
}

TEST(Settings, ComparesContentNotOrigin) {
  EXPECT_EQ(At("x", 1), At("x", 9));
  EXPECT_FALSE(At("x", 1) == At("y", 1));
  EXPECT_FALSE(Settings::Scalar("") == Settings());
  EXPECT_EQ(Settings::Null("a.yaml:1"), Settings());
  EXPECT_FALSE(Settings::List({}) == Settings::Map());
  Settings one = Settings::Map("a:1"), other = Settings::Map("b:2");
  one.Set("k", Settings::List({At("x", 1)}));
  EXPECT_FALSE(one == other);
  other.Set("k", Settings::List({At("x", 7)}));
  EXPECT_EQ(one, other);
}

TEST(Settings, SetReplacesAndFindIsNullWhereNothingIs) {
  Settings map;
  map.Set("k", At("1", 1));
  map.Set("k", At("2", 2));
  EXPECT_EQ(map.kind(), Settings::Kind::kMap);
  EXPECT_EQ(map.entries().size(), 1u);
  EXPECT_EQ(map.Find("k")->scalar(), "2");
  EXPECT_EQ(map.Find("other"), nullptr);
  EXPECT_EQ(At("x", 1).Find("k"), nullptr);
}

TEST(Mistakes, AreLinesInTheirOrder) {
  Mistakes mistakes;
  EXPECT_TRUE(mistakes.empty());
  EXPECT_TRUE(mistakes.ToStatus().ok());
  mistakes.Add("a.yaml:3", "listen.http", "is odd");
  mistakes.Add("", "key", "has no origin");
  mistakes.Add("a.yaml:4", "", "has no key");
  EXPECT_EQ(mistakes.lines(),
            (Lines{"a.yaml:3: listen.http: is odd", "key: has no origin", "a.yaml:4: has no key"}));
  EXPECT_EQ(mistakes.ToStatus(),
            absl::InvalidArgumentError(
                "a.yaml:3: listen.http: is odd\nkey: has no origin\na.yaml:4: has no key"));
}

TEST(Mistakes, AreToldOnce) {
  Mistakes mistakes, others;
  mistakes.Add("a.yaml:3", "k", "is odd");
  mistakes.Add("a.yaml:3", "k", "is odd");
  others.Add("a.yaml:4", "k", "is odd");
  others.Add("a.yaml:3", "k", "is odd");
  mistakes.Add(others);
  EXPECT_EQ(mistakes.lines(), (Lines{"a.yaml:3: k: is odd", "a.yaml:4: k: is odd"}));
  EXPECT_EQ(mistakes.all()[1], (Mistake{"a.yaml:4", "k", "is odd"}));
}

TEST(Mistakes, AreBounded) {
  Mistakes mistakes;
  for (int i = 0; i < 1000; ++i) mistakes.Add("f:1", "k", Concat("mistake ", i));
  ASSERT_EQ(mistakes.lines().size(), 101u);
  EXPECT_EQ(mistakes.lines()[99], "f:1: k: mistake 99");
  EXPECT_EQ(mistakes.lines()[100], "... and more");
}

class SettingsReaderTest : public testing::Test {
 protected:
  Mistakes mistakes;
};

TEST_F(SettingsReaderTest, ReadsEveryKindOfValue) {
  Settings map = MapOf({{"text", "x"},
                        {"count", "-7"},
                        {"on", "true"},
                        {"off", "false"},
                        {"every", "1h30m"},
                        {"mode", "tls"}});
  map.Set("names", Settings::List({At("a", 8), At("b", 9)}));
  map.Set("child", Settings::Map("a.yaml:10"));
  SettingsReader in(map, "", mistakes);
  EXPECT_TRUE(in.Has("text"));
  EXPECT_FALSE(in.Has("texts"));
  EXPECT_EQ(in.String("text", "y"), "x");
  EXPECT_EQ(in.Integer("count", 0, -10, 10), -7);
  EXPECT_TRUE(in.Bool("on", false));
  EXPECT_FALSE(in.Bool("off", true));
  EXPECT_EQ(in.Duration("every", absl::Seconds(1), absl::Seconds(1), absl::Hours(2)),
            absl::Minutes(90));
  EXPECT_EQ(in.Choice("mode", "plain", {"plain", "tls"}), "tls");
  EXPECT_EQ(in.Strings("names"), (Lines{"a", "b"}));
  EXPECT_EQ(in.Items("names").size(), 2u);
  EXPECT_EQ(in.Child("child"), map.Find("child"));
  in.Finish();
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST_F(SettingsReaderTest, GivesTheFallbackForWhatIsNotThere) {
  const Settings none;
  SettingsReader in(none, "", mistakes);
  EXPECT_EQ(in.String("a", "x"), "x");
  EXPECT_EQ(in.Integer("b", 5, 0, 3), 5);  // the fallback is the caller's, limits or not
  EXPECT_TRUE(in.Bool("c", true));
  EXPECT_EQ(in.Duration("d", absl::Seconds(9), absl::Hours(1), absl::Hours(2)), absl::Seconds(9));
  EXPECT_EQ(in.Choice("e", "other", {"a"}), "other");
  EXPECT_EQ(in.Strings("f"), Lines{});
  EXPECT_EQ(in.Child("g"), nullptr);
  in.Finish();
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST_F(SettingsReaderTest, TellsEveryMistakeAtItsLineWithThePathOfItsKey) {
  const Settings map = MapOf({{"count", "many"},
                              {"big", "11"},
                              {"huge", "99999999999999999999"},
                              {"yes", "True"},
                              {"every", "5 minutes"},
                              {"long", "3h"},
                              {"mode", "ssl"},
                              {"empty", ""}});
  SettingsReader in(map, "targets[0]", mistakes);
  EXPECT_EQ(in.Integer("count", 1, 0, 10), 1);
  EXPECT_EQ(in.Integer("big", 2, 0, 10), 2);
  EXPECT_EQ(in.Integer("huge", 3, 0, 10), 3);
  EXPECT_TRUE(in.Bool("yes", true));
  EXPECT_EQ(in.Duration("every", absl::Seconds(4), absl::Seconds(1), absl::Hours(2)),
            absl::Seconds(4));
  EXPECT_EQ(in.Duration("long", absl::Seconds(5), absl::Seconds(1), absl::Hours(2)),
            absl::Seconds(5));
  EXPECT_EQ(in.Choice("mode", "plain", {"plain", "tls"}), "plain");
  EXPECT_EQ(in.RequiredString("empty"), "");
  EXPECT_EQ(in.RequiredString("gone"), "");
  in.Finish();
  EXPECT_EQ(mistakes.lines(),
            (Lines{"a.yaml:2: targets[0].count: 'many' is not a whole number",
                   "a.yaml:3: targets[0].big: 11 is not between 0 and 10",
                   "a.yaml:4: targets[0].huge: '99999999999999999999' is not a whole number",
                   "a.yaml:5: targets[0].yes: 'True' is neither true nor false",
                   "a.yaml:6: targets[0].every: '5 minutes' is not a duration such as 250ms, 30s, "
                   "5m or 1h30m",
                   "a.yaml:7: targets[0].long: 3h is not between 1s and 2h",
                   "a.yaml:8: targets[0].mode: 'ssl' is none of plain, tls",
                   "a.yaml:9: targets[0].empty: must not be empty",
                   "a.yaml:1: targets[0].gone: is missing"}));
}

TEST_F(SettingsReaderTest, RefusesAnInfiniteOrNegativeDuration) {
  const Settings map = MapOf({{"a", "inf"}, {"b", "-1s"}});
  SettingsReader in(map, "", mistakes);
  in.Duration("a", absl::Seconds(1), absl::ZeroDuration(), absl::Hours(1));
  in.Duration("b", absl::Seconds(1), absl::ZeroDuration(), absl::Hours(1));
  EXPECT_EQ(mistakes.lines(), (Lines{"a.yaml:2: a: inf is not between 0 and 1h",
                                     "a.yaml:3: b: -1s is not between 0 and 1h"}));
}

TEST_F(SettingsReaderTest, RefusesValuesOfTheWrongShape) {
  Settings map = MapOf({{"scalar", "x"}});
  map.Set("list", Settings::List({At("a", 3), Settings::Map("a.yaml:4")}, "a.yaml:3"));
  map.Set("map", Settings::Map("a.yaml:5"));
  map.Set("null", Settings::Null("a.yaml:6"));
  SettingsReader in(map, "", mistakes);
  EXPECT_EQ(in.String("list", "f"), "f");
  EXPECT_EQ(in.RequiredString("map"), "");
  EXPECT_TRUE(in.Bool("null", true));
  EXPECT_TRUE(in.Items("scalar").empty());
  EXPECT_EQ(in.Strings("list"), Lines{"a"});
  in.Finish();
  EXPECT_EQ(mistakes.lines(), (Lines{"a.yaml:3: list: must be a single value, but is a list",
                                     "a.yaml:5: map: must be a single value, but is a map",
                                     "a.yaml:6: null: must be a single value, but is nothing",
                                     "a.yaml:2: scalar: must be a list, but is a single value",
                                     "a.yaml:4: list: must hold single values, but one is a map"}));
}

TEST_F(SettingsReaderTest, EachOfSeveralStringsIsJudgedAtItsLine) {
  Settings map = Settings::Map("a.yaml:1");
  map.Set("list",
          Settings::List({At("good", 2), At("bad", 3), Settings::Scalar("bad")}, "a.yaml:1"));
  SettingsReader in(map, "p", mistakes);
  EXPECT_EQ(
      in.Strings("list", [](const std::string& text) { return text == "bad" ? "is bad" : ""; }),
      Lines{"good"});
  EXPECT_EQ(mistakes.lines(), (Lines{"a.yaml:3: p.list: is bad", "a.yaml:1: p.list: is bad"}));
}

TEST_F(SettingsReaderTest, ASecretIsNamedAndNeverWritten) {
  Settings map = MapOf({{"written", "hunter2"}});
  const auto set = [&map](const std::string& key, std::vector<std::string> names, int line) {
    Settings secret = Settings::Map(Concat("a.yaml:", line));
    for (std::string& name : names) secret.Set(std::move(name), At("X", line));
    map.Set(key, std::move(secret));
  };
  set("good", {"file"}, 3);
  set("both", {"env", "file"}, 4);
  set("none", {}, 5);
  set("other", {"env", "text"}, 6);
  SettingsReader in(map, "", mistakes);
  EXPECT_EQ(in.Secret("good").file, "X");
  EXPECT_EQ(in.Secret("absent").file, "");
  for (const char* key : {"written", "both", "none"}) {
    EXPECT_EQ(in.RequiredSecret(key).file, "") << key;
    EXPECT_EQ(in.RequiredSecret(key).env, "") << key;
  }
  EXPECT_EQ(in.Secret("other").env, "X");
  in.RequiredSecret("absent");
  in.Finish();
  EXPECT_EQ(mistakes.lines(),
            (Lines{"a.yaml:2: written: must be a reference, {file: PATH} or {env: NAME}, never the "
                   "secret itself",
                   "a.yaml:4: both: needs exactly one of file and env",
                   "a.yaml:5: none: needs exactly one of file and env",
                   "a.yaml:6: other.text: is not a known key",
                   "a.yaml:1: absent: is missing: give {file: PATH} or {env: NAME}"}));
}

TEST_F(SettingsReaderTest, RefusesWhatIsNoMap) {
  const Settings list = Settings::List({}, "a.yaml:6");
  SettingsReader in(list, "tls", mistakes);
  EXPECT_FALSE(in.Has("ca"));
  in.Finish();
  EXPECT_EQ(mistakes.lines(), Lines{"a.yaml:6: tls: must be a map of keys, but is a list"});
}

TEST_F(SettingsReaderTest, AKeyThatNobodyAskedForIsAMistake) {
  const Settings map = MapOf({{"b", "1"}, {"a", "2"}, {"c", "3"}});
  SettingsReader in(map, "web", mistakes);
  in.String("a", "");
  in.Has("b");  // looking is not asking
  in.Finish();
  EXPECT_EQ(mistakes.lines(),
            (Lines{"a.yaml:2: web.b: is not a known key", "a.yaml:4: web.c: is not a known key"}));
}

TEST_F(SettingsReaderTest, TheCallersOwnMistakesAreToldAtTheLineOfTheKey) {
  const Settings map = MapOf({{"a", "1"}});
  SettingsReader in(map, "", mistakes);
  in.Complain("a", "is odd");
  in.Complain("b", "should be there");
  EXPECT_EQ(mistakes.lines(), (Lines{"a.yaml:2: a: is odd", "a.yaml:1: b: should be there"}));
}

}  // namespace
}  // namespace postwatch
