// WaitForFile: holds a program back until what it needs is there.
#pragma once

#include <functional>
#include <string>

namespace postwatch {

// Returns true once there is a file at `path`, which is looked for once a second, and false when
// SIGTERM or SIGINT asks the program to end before. `still_waiting` is called before each look but
// the first. For a process that has no other thread yet: a signal could reach that one instead.
bool WaitForFile(const std::string& path, const std::function<void()>& still_waiting);

}  // namespace postwatch
