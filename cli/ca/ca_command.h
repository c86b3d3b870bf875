// `postwatch ca`: makes the authority and the identities of mutual TLS.
#pragma once

#include <span>
#include <string_view>

namespace postwatch::cli {

int RunCa(std::span<const std::string_view> arguments);

}  // namespace postwatch::cli
