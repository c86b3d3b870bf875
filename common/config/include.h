// Include: a configuration in several files, read as one tree.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/settings.h"

namespace postwatch {

// What several trees say together: maps become one, key by key, and the lists at the paths `lists`
// ("targets", "alerting.sinks") one after the other. Anything else that two give is a mistake,
// which names both places; an empty value (`targets:`) gives nothing.
Settings MergeSettings(const std::vector<Settings>& trees, std::span<const std::string_view> lists,
                       Mistakes& mistakes);

// LoadYaml of `path` and of the files that its key `include` names, merged in order of their
// names. `include` is a pattern or a list of them, such as conf.d/*.yaml, relative to the folder of
// `path`; * and ? match no leading dot. Only `path` itself may include. The tree has no such key.
//
// InvalidArgument lists the mistakes of all files. A pattern that matches nothing is none; a name
// without * and ? that is no file, and a folder that is not there, are.
absl::StatusOr<Settings> LoadConfiguration(const std::string& path,
                                           std::span<const std::string_view> lists);

}  // namespace postwatch
