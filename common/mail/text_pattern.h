// Text patterns: a small language for what servers say, without the cost of regular expressions.
#pragma once

#include <string>
#include <string_view>

namespace postwatch {

// At most `max` bytes of `text` in lower case (ASCII) with each run of white space made one space,
// so that line breaks inside a reply do not matter.
std::string FoldText(std::string_view text, size_t max = 2048);

// Whether `pattern` occurs in `folded` text. Lower-case alternatives separated by '|'; in each,
//   *  anything in between        #  one or more digits        %  a word boundary, no character
// Work is at most the product of both lengths. An empty pattern matches everything.
bool TextMatches(std::string_view folded, std::string_view pattern);

// Whether an enhanced code "5.7.26" is one of `pattern`: alternatives separated by '|', each field
// a number, an inclusive range "606-649", or 'x' for any. An empty pattern matches everything, also
// no code at all.
bool EnhancedCodeMatches(std::string_view code, std::string_view pattern);

// Whether a reply code is one of `pattern`: prefixes separated by '|', "4" is every 4xx.
bool ReplyCodeMatches(int code, std::string_view pattern);

}  // namespace postwatch
