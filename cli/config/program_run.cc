#include "cli/config/program_run.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/base/text.h"

extern char** environ;

namespace postwatch::cli {
namespace {

constexpr size_t kMaxOutput = 64 << 20;
constexpr size_t kMaxErrors = 1 << 20;

std::string BesideUs(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "";
  const std::string path = (self.parent_path() / name).string();
  return ::access(path.c_str(), X_OK) == 0 ? path : "";
}

// The pipe's end is taken over and closed.
absl::StatusOr<std::string> ReadToTheEnd(int fd, const std::string& name) {
  std::string text;
  std::array<char, 65536> buffer;
  while (text.size() <= kMaxOutput) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  ::close(fd);
  if (text.size() <= kMaxOutput) return text;
  return absl::InternalError(Concat(name, " prints more than ", kMaxOutput, " bytes"));
}

// What was written to a file without a name, which is closed.
std::string TakeErrors(int fd) {
  std::string text(kMaxErrors, '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  ::close(fd);
  return text;
}

absl::StatusOr<pid_t> Spawn(const std::string& name, const std::vector<std::string>& arguments,
                            int out, int err) {
  const std::string beside = BesideUs(name);
  const std::string path = beside.empty() ? name : beside;
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, path.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  if (error == ENOENT) {
    return absl::NotFoundError(Concat("there is no ", name,
                                      " beside this program or in PATH; "
                                      "this needs the package of that name"));
  }
  return absl::InternalError(Concat("cannot run ", path, ": ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<ProgramOutput> RunProgram(const std::string& name,
                                         const std::vector<std::string>& arguments) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::InternalError(Concat("cannot make a pipe: ", std::strerror(errno)));
  }
  // No second pipe, which would have to be read at the same time.
  const int errors = ::memfd_create("errors", MFD_CLOEXEC);
  const absl::StatusOr<pid_t> pid =
      errors < 0 ? absl::InternalError(Concat("cannot make a file: ", std::strerror(errno)))
                 : Spawn(name, arguments, ends[1], errors);
  ::close(ends[1]);
  if (!pid.ok()) {
    ::close(ends[0]);
    if (errors >= 0) ::close(errors);
    return pid.status();
  }
  absl::StatusOr<std::string> out = ReadToTheEnd(ends[0], name);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  std::string err = TakeErrors(errors);
  if (!out.ok()) return out.status();
  return ProgramOutput{.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                       .out = *std::move(out),
                       .err = std::move(err)};
}

}  // namespace postwatch::cli
