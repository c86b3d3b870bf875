// Key table: what each key of a configuration takes, as lines of a Markdown table.
#pragma once

#include <string>
#include <string_view>

#include "common/model/key_notes.h"

namespace postwatch {

// A title, and "| `key` | duration, 1s to 24h | `30s` |" a key, in order of the paths: what it
// takes, and its default. Trees that have keys of their own are left out.
std::string KeyTable(std::string_view title, const KeyNotes& notes);

}  // namespace postwatch
