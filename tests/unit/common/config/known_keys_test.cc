#include "common/config/known_keys.h"

#include <gtest/gtest.h>

#include "common/base/text.h"

namespace postwatch {
namespace {

// Asks for more where something is: a tree, a list of maps in it, a key that excludes another.
void Read(const Settings& settings, Mistakes& mistakes) {
  SettingsReader in(settings, "", mistakes);
  in.String("always", "");
  if (const Settings* tree = in.Child("tree")) {
    SettingsReader below(*tree, "tree", mistakes);
    const std::vector<Settings>& items = below.Items("list");
    for (size_t i = 0; i < items.size(); ++i) {
      SettingsReader item(items[i], Concat("tree.list[", i, "]"), mistakes);
      item.RequiredString("name");
      if (item.Child("deep") != nullptr) {
        SettingsReader(*item.Child("deep"), Concat("tree.list[", i, "].deep"), mistakes)
            .Bool("er", false);
      }
    }
  }
  if (in.Has("special")) in.Integer("special", 0, 0, 9);
}

TEST(KnownKeys, FindsWhatIsAskedForOnlyWhereSomethingIs) {
  const KeyNotes notes = KnownKeys(Read);
  std::string paths;
  for (const auto& [path, note] : notes.all()) Append(paths, path, "\n");
  EXPECT_EQ(paths,
            "always\nspecial\ntree\ntree.list\ntree.list[].deep\ntree.list[].deep.er\n"
            "tree.list[].name\n");
  EXPECT_EQ(notes.all().at("special").shape, KeyShape::kInteger);
  EXPECT_TRUE(notes.all().at("tree.list[].name").required);
}

TEST(KnownKeys, OfAReaderThatAsksForNothingThereAreNone) {
  EXPECT_TRUE(KnownKeys([](const Settings&, Mistakes&) {}).all().empty());
}

}  // namespace
}  // namespace postwatch
