// Paragraphs: plain text laid out for a terminal.
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace postwatch::cli {

// Columns that no line goes beyond, unless a single word does; a percent sign stays with its
// number.
inline constexpr size_t kPageWidth = 96;

// The text's words, broken into lines that each end with a line break: the first begins with
// `first`, the others with as many spaces. "" gives nothing.
std::string Paragraph(std::string_view first, std::string_view text);

// "42 s", "5 min 42 s", "2 h 5 min", "3 d 4 h"; a negative one counts as none.
std::string DurationText(absl::Duration duration);

// "2026-11-02 12:00:00 UTC".
std::string TimeText(absl::Time time);

}  // namespace postwatch::cli
