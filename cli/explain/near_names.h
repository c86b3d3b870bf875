// Near names: what somebody may have meant who wrote something else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postwatch::cli {

// How many letters must be put in, taken out or changed to make one of the other.
size_t EditDistance(std::string_view a, std::string_view b);

// Up to `most` of the names: those that are a few letters off, the nearest first, then those that
// contain the word.
std::vector<std::string> NearNames(std::string_view word, std::span<const std::string> names,
                                   size_t most = 3);

}  // namespace postwatch::cli
