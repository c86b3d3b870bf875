// `postwatch classify`: what the servers in a mail log, a bounce or a list of replies said.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunClassify(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
