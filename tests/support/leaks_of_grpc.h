// kLeaksOfGrpc: for the environment of our programs when a test starts them.
#pragma once

namespace postwatch {

// gRPC ends in threads of its own, which nobody waits for: what one of them still holds when the
// process does is no leak, but LeakSanitizer cannot know.
inline constexpr const char* kLeaksOfGrpc = "ASAN_OPTIONS=detect_leaks=0";

}  // namespace postwatch
