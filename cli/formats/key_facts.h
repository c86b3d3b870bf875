// Key facts: what a check that passed has seen, in a few words.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"

namespace postwatch::cli {

// "mx1.example.com, mx2.example.com; 61 days left"; at most `width` bytes, cut at a fact where it
// can be. Facts that are long, or mere figures of a connection, are left to the JSON. "" when there
// is nothing to tell.
std::string KeyFacts(const std::map<std::string, std::string>& facts, absl::Time now, size_t width);

}  // namespace postwatch::cli
