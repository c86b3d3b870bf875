// Request target: path and query of an HTTP request (RFC 9112 section 3.2.1), taken apart and put
// together.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace postwatch {

// Splits "/a/b?x=1&y=%20" into path and query, decoding both; nothing for a broken escape.
bool SplitTarget(std::string_view target, std::string& path,
                 std::map<std::string, std::string>& query);

// The target that SplitTarget splits so.
std::string JoinTarget(std::string_view path, const std::map<std::string, std::string>& query);

}  // namespace postwatch
