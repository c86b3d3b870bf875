#include "common/model/key_notes.h"

#include <gtest/gtest.h>

#include "common/model/settings.h"

namespace postwatch {
namespace {

TEST(KeyNotes, KeepTheMostThatIsKnown) {
  KeyNotes notes;
  notes.Add("a", {});
  notes.Add("a", {.shape = KeyShape::kText, .required = true});
  notes.Add("a", {});
  EXPECT_EQ(notes.all().at("a"), (KeyNote{.shape = KeyShape::kText, .required = true}));
  notes.Add("a", {.shape = KeyShape::kText});  // not always, then
  EXPECT_FALSE(notes.all().at("a").required);
  notes.Add("b", {.shape = KeyShape::kTexts});
  notes.Add("b", {.shape = KeyShape::kItems});
  EXPECT_EQ(notes.all().at("b").shape, KeyShape::kTexts);
}

TEST(KeyNotes, AnyPlaceInAListIsTheSame) {
  KeyNotes notes;
  notes.Add("targets[0].domain", {.shape = KeyShape::kText});
  notes.Add("targets[17].domain", {.shape = KeyShape::kText});
  ASSERT_EQ(notes.all().size(), 1u);
  EXPECT_EQ(notes.all().begin()->first, "targets[].domain");
}

TEST(KeyNotes, AreMadeByReaders) {
  KeyNotes notes;
  Mistakes mistakes(&notes);
  const Settings empty = Settings::Map();
  SettingsReader in(empty, "top", mistakes);
  in.RequiredString("name");
  in.Duration("every", absl::Minutes(1), absl::Seconds(1), absl::Hours(24));
  in.Integer("count", 3, 1, 9);
  in.Choice("way", "up", {"up", "down"});
  in.RequiredSecret("password");
  in.Strings("hosts");
  in.Child("tls");
  in.Bool("on", true);
  EXPECT_EQ(notes.all().at("top.name"), (KeyNote{.shape = KeyShape::kText, .required = true}));
  EXPECT_EQ(notes.all().at("top.every"),
            (KeyNote{.shape = KeyShape::kDuration, .fallback = "1m", .low = "1s", .high = "24h"}));
  EXPECT_EQ(notes.all().at("top.count"),
            (KeyNote{.shape = KeyShape::kInteger, .fallback = "3", .low = "1", .high = "9"}));
  EXPECT_EQ(notes.all().at("top.way").choices, (std::vector<std::string>{"up", "down"}));
  EXPECT_TRUE(notes.all().at("top.password").required);
  EXPECT_EQ(notes.all().at("top.hosts").shape, KeyShape::kTexts);
  EXPECT_EQ(notes.all().at("top.tls").shape, KeyShape::kTree);
  EXPECT_EQ(notes.all().at("top.on").fallback, "true");
}

TEST(KeyNotes, ReadersWithoutThemReadAsBefore) {
  Mistakes mistakes;
  const Settings empty = Settings::Map();
  EXPECT_EQ(SettingsReader(empty, "", mistakes).String("a", "b"), "b");
  EXPECT_EQ(mistakes.notes(), nullptr);
}

}  // namespace
}  // namespace postwatch
