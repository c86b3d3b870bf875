#include "common/base/file_wait.h"

#include <sys/stat.h>

#include <csignal>
#include <ctime>

namespace postwatch {
namespace {

constexpr timespec kPoll{1, 0};

bool IsThere(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0;
}

}  // namespace

bool WaitForFile(const std::string& path, const std::function<void()>& still_waiting) {
  if (IsThere(path)) return true;
  sigset_t ending, before;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGHUP);  // means "read your configuration": that is what we wait for
  sigprocmask(SIG_BLOCK, &ending, &before);
  bool ended = false;
  do {
    still_waiting();
    const int signal = sigtimedwait(&ending, nullptr, &kPoll);
    ended = signal == SIGTERM || signal == SIGINT;
  } while (!ended && !IsThere(path));
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return !ended;
}

}  // namespace postwatch
