#include "common/config/changed_keys.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Keys = std::vector<std::string>;

Keys Changed(std::string_view before, std::string_view after) {
  return ChangedKeys(YamlSettings(before), YamlSettings(after));
}

TEST(ChangedKeys, AreThePathsOfWhatDiffers) {
  EXPECT_EQ(
      Changed("{a: 1, tls: {ca: x, key: y}, gone: 1}", "{a: 1, tls: {ca: z, key: y}, new: 2}"),
      (Keys{"gone", "new", "tls.ca"}));
  EXPECT_EQ(Changed("{web: {hosts: [a, b]}}", "{web: {hosts: [a, c]}}"), Keys{"web.hosts"});
  EXPECT_EQ(Changed("{tls: {ca: x}}", "{tls: none}"), Keys{"tls"});
}

TEST(ChangedKeys, WhereSomethingIsWrittenIsNoDifference) {
  EXPECT_EQ(Changed("a: 1\nb: 2\n", "\n\nb: 2\na: 1\n"), Keys{});
}

}  // namespace
}  // namespace postwatch
