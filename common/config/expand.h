// Expand: ${NAME} in configuration values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postwatch {

// Replaces every ${NAME} by what `environment` says, once: what a variable holds is not looked
// into.
// $${ becomes ${ and any other $ stays. `complain` gets each mistake (a variable that is not set, a
// ${ without its }, a name that is none, a result over 64 KiB); it never sees a variable's value.
std::string ExpandEnvironment(
    std::string_view text,
    const std::function<std::optional<std::string>(const std::string&)>& environment,
    const std::function<void(std::string_view)>& complain);

}  // namespace postwatch
