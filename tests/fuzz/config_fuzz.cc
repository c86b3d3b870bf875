// libFuzzer entry point for configuration files: whatever a file holds, no crash; what is accepted
// is a map whose every value knows its line, and what is refused is told line by line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "common/config/yaml_file.h"

namespace {

void ExpectOrigins(const postwatch::Settings& settings) {
  if (!settings.origin().starts_with("f:")) std::abort();
  for (const postwatch::Settings& item : settings.items()) ExpectOrigins(item);
  for (const auto& [key, value] : settings.entries()) ExpectOrigins(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SET") return "a: [${SET}]";
    return std::nullopt;
  };
  const absl::StatusOr<postwatch::Settings> root = postwatch::ParseYaml(text, "f", environment);
  if (!root.ok()) {
    if (!absl::IsInvalidArgument(root.status()) || root.status().message().empty()) std::abort();
    return 0;
  }
  if (root->kind() != postwatch::Settings::Kind::kMap) std::abort();
  for (const auto& [key, value] : root->entries()) ExpectOrigins(value);
  return 0;
}
