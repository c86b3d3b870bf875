#include "common/base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/text.h"

namespace postwatch {
namespace {

absl::Status CannotMake(const std::string& path, int error) {
  const std::string text = Concat("lock ", path, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(Concat(text, "; make the folder first"));
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(Concat(text, "; make room on that disk"));
    default:
      return absl::PermissionDeniedError(
          Concat(text, "; its folder must be writable for this program's user"));
  }
}

// Who holds it, as far as it has said so.
std::string HolderText(int fd) {
  std::array<char, 32> bytes{};
  const ssize_t size = ::pread(fd, bytes.data(), bytes.size(), 0);
  const std::string_view text(bytes.data(), size > 0 ? static_cast<size_t>(size) : 0);
  const auto pid = ParseInteger(Trim(text));
  return pid.has_value() ? Concat("process ", *pid) : "another process";
}

}  // namespace

absl::StatusOr<LockFile> LockFile::Take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return CannotMake(path, errno);
  LockFile lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return CannotMake(path, errno);
    const std::string holder = HolderText(fd);
    ::close(std::exchange(lock.fd_, -1));
    return absl::FailedPreconditionError(
        Concat("lock ", path, ": ", holder, " has it; stop that one first, or use another place"));
  }
  // Only a help for whoever is refused: a full disk must not keep us from working.
  const std::string own = Concat(::getpid(), "\n");
  if (::ftruncate(fd, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(fd, own.data(), own.size(), 0);
  }
  return lock;
}

LockFile::~LockFile() {
  if (fd_ < 0) return;
  [[maybe_unused]] const int emptied = ::ftruncate(fd_, 0);
  ::close(fd_);
}

}  // namespace postwatch
