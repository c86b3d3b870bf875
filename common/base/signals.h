// Signals: held back until somebody waits for them, so that none ends the process in between.
#pragma once

#include <initializer_list>

namespace postwatch {

// Of the calling thread and of those it starts: signals of these numbers wait.
void HoldSignals(std::initializer_list<int> numbers);

// Those that waited come now, in the calling thread.
void ReleaseSignals(std::initializer_list<int> numbers);

}  // namespace postwatch
