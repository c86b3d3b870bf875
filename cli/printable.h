// Printable: servers' words as a terminal may be given them.
#pragma once

#include <string>
#include <string_view>

namespace postwatch::cli {

// One line in which nothing acts on a terminal (C0 and C1 control characters) or turns the
// direction of the text around (U+202A to U+202E, U+2066 to U+2069): '?' stands for each.
std::string Printable(std::string_view text);

}  // namespace postwatch::cli
