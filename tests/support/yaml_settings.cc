#include "tests/support/yaml_settings.h"

#include <gtest/gtest.h>

#include "common/config/yaml_file.h"

namespace postwatch {

Settings YamlSettings(std::string_view text) {
  const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  absl::StatusOr<Settings> settings = ParseYaml(text, "c.yaml", none);
  EXPECT_TRUE(settings.ok()) << settings.status();
  return settings.ok() ? *std::move(settings) : Settings();
}

CheckSpec YamlCheck(std::string_view text) {
  return {.id = "c",
          .target = "alpha.test",
          .provider = "alpha",
          .timeout = absl::Seconds(30),
          .settings = YamlSettings(text)};
}

}  // namespace postwatch
