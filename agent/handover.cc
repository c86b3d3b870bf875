#include "agent/handover.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "common/base/signals.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr absl::Duration kCheckLimit = absl::Seconds(20);
constexpr absl::Duration kCheckPoll = absl::Milliseconds(20);
constexpr size_t kMaxWords = 2048;  // of what the successor says
constexpr int kFirstDescriptor = 3;
constexpr std::string_view kReplaced = " (deleted)";  // proc(5)

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A file without a name, which takes what a child says.
class Words {
 public:
  Words() : fd_(::memfd_create("words", MFD_CLOEXEC)) {}
  ~Words() {
    if (fd_ >= 0) ::close(fd_);
  }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  int fd() const { return fd_; }

  // On one line.
  std::string Text() const {
    std::string text(kMaxWords, '\0');
    const ssize_t size = fd_ < 0 ? 0 : ::pread(fd_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    std::string line;
    for (const std::string_view part : Split(Trim(text), '\n')) {
      if (!line.empty()) line += "; ";
      line += part;
    }
    return line;
  }

 private:
  const int fd_;
};

// Its process id, or minus the error.
pid_t Spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, kFirstDescriptor);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, arguments[0].c_str(), &actions, &attributes,
                                  Pointers(arguments).data(), Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -error;
}

absl::Status Verdict(int status, const std::string& program, const Words& words) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(Concat(program, " does not take the configuration: ",
                                              WIFEXITED(status)
                                                  ? Concat("exit code ", WEXITSTATUS(status))
                                                  : Concat("ended by signal ", WTERMSIG(status)),
                                              "; it says: ", words.Text()));
}

void Nothing(int) {}

void CloseOnExec() {
  if (::close_range(kFirstDescriptor, ~0u, CLOSE_RANGE_CLOEXEC) == 0) return;
  const long most = std::clamp(::sysconf(_SC_OPEN_MAX), 1024L, 65536L);
  for (int fd = kFirstDescriptor; fd < most; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace

Successor::Successor(std::string program, std::vector<std::string> arguments,
                     std::vector<std::string> environment, std::string config_file)
    : program_(std::move(program)),
      arguments_(std::move(arguments)),
      environment_(std::move(environment)),
      config_file_(std::move(config_file)) {}

Task<absl::Status> Successor::Check(EventClock& clock) const {
  const Words words;
  const pid_t pid = Spawn({program_, "--config.check", Concat("--config.file=", config_file_)},
                          environment_, words.fd());
  if (pid < 0) {
    co_return absl::FailedPreconditionError(
        Concat("start ", program_, ": ", std::strerror(-pid), "; is it there, and executable?"));
  }
  const absl::Duration end = clock.Steady() + kCheckLimit;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    const absl::Status slept = co_await clock.SleepFor(kCheckPoll);
    if (slept.ok() && clock.Steady() < end) continue;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    co_return absl::DeadlineExceededError(
        Concat(program_, " --config.check: no end within ", absl::FormatDuration(kCheckLimit)));
  }
  co_return Verdict(status, program_, words);
}

absl::Status Successor::Become() const {
  // Other threads would still take one that this thread holds: it must not end the process.
  for (const int number : {SIGHUP, SIGUSR2}) std::signal(number, &Nothing);
  HoldSignals(kAgentSignals);
  CloseOnExec();
  std::vector<std::string> arguments = arguments_, environment = environment_;
  ::execve(program_.c_str(), Pointers(arguments).data(), Pointers(environment).data());
  return absl::InternalError(Concat("run ", program_, ": ", std::strerror(errno)));
}

std::string OwnProgram() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  std::string_view text(path.data(), size > 0 ? static_cast<size_t>(size) : 0);
  if (text.ends_with(kReplaced)) text.remove_suffix(kReplaced.size());
  return std::string(text);
}

}  // namespace postwatch::agent
