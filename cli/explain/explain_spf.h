// ExplainSpf: an SPF record in words.
#pragma once

#include <string>
#include <string_view>

namespace postwatch::cli {

// `text` starts with "v=spf1".
std::string ExplainSpf(std::string_view text);

}  // namespace postwatch::cli
