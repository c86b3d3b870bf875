// YamlFile: reads a YAML file into Settings, strictly, every value knowing the line it came from.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/model/settings.h"

namespace postwatch {

// The value of an environment variable; nothing when unset.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process.
Environment ProcessEnvironment();

// One YAML document whose top is a map (an empty document is an empty map). `file` only names it in
// origins ("file:line") and messages.
//
// ${NAME} in a value becomes the variable's value, once, never a structure; $${ stands for ${.
// Keys are taken as they are. InvalidArgument with one mistake a line, all that can be found in one
// go: a key given twice, an anchor or alias, a tag, a variable that is not set, more than one
// document, more than 32 levels, 100 000 values or 1 MiB.
absl::StatusOr<Settings> ParseYaml(std::string_view text, std::string_view file,
                                   const Environment& environment);

// ParseYaml of a regular file, with the environment of this process. NotFound or PermissionDenied
// when it cannot be read.
absl::StatusOr<Settings> LoadYaml(const std::string& path);

}  // namespace postwatch
