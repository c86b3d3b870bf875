// `postwatch explain`: why a collector thinks what it thinks, in words.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunExplain(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
