// Known keys: everything that a reader of a configuration would ask for, found by letting it read.
#pragma once

#include <functional>

#include "common/model/key_notes.h"
#include "common/model/settings.h"

namespace postwatch {

// Lets `read` read empty settings, then settings in which each tree and list that it asked for is
// there, and so on, until it asks for nothing new. What it says is wrong with them is ignored.
KeyNotes KnownKeys(const std::function<void(const Settings& settings, Mistakes& mistakes)>& read);

}  // namespace postwatch
