#include "cli/config/file_swap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxBytes = 1 << 20;  // as the programs take

absl::Status Failed(std::string_view what, const std::string& path) {
  const int error = errno;
  const std::string text = Concat("cannot ", what, " ", path, ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  return absl::PermissionDeniedError(text);
}

class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("write", path);
    text.remove_prefix(static_cast<size_t>(count));
  }
  return ::fsync(fd) == 0 ? absl::OkStatus() : Failed("write", path);
}

// Names are as durable as the folder they are in.
absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const OwnedFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return Failed("write the folder of", path);
  return absl::OkStatus();
}

}  // namespace

FileSwap::FileSwap(const std::string& path) : path_(path), previous_(path + ".previous") {
  const std::filesystem::path whole(path);
  candidate_ = (whole.parent_path() / Concat(".", whole.filename().string(), ".new")).string();
}

FileSwap::FileSwap(FileSwap&& other) noexcept
    : path_(std::move(other.path_)),
      candidate_(std::exchange(other.candidate_, "")),
      previous_(std::move(other.previous_)),
      swapped_(other.swapped_) {}

FileSwap::~FileSwap() {
  if (!candidate_.empty()) ::unlink(candidate_.c_str());
}

absl::StatusOr<FileSwap> FileSwap::Prepare(const std::string& path, std::string_view text) {
  struct stat about = {};
  if (::lstat(path.c_str(), &about) != 0) return Failed("look at", path);
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(
        Concat(path, " is no regular file (a link?): replace what it stands for by hand"));
  }
  FileSwap swap(path);
  ::unlink(swap.candidate_.c_str());  // of a run that was killed
  const OwnedFd fd(
      ::open(swap.candidate_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return Failed("write", swap.candidate_);
  const bool ours = about.st_uid == ::geteuid() && about.st_gid == ::getegid();
  if (!ours && ::fchown(fd.get(), about.st_uid, about.st_gid) != 0) {
    return Failed("give to its owner", swap.candidate_);
  }
  if (::fchmod(fd.get(), about.st_mode & 07777) != 0) return Failed("write", swap.candidate_);
  const absl::Status written = WriteAll(fd.get(), text, swap.candidate_);
  if (!written.ok()) return written;
  return swap;
}

absl::Status FileSwap::Commit() {
  const absl::StatusOr<std::string> now = ReadWholeFile(path_), next = ReadWholeFile(candidate_);
  if (now.ok() && next.ok() && *now == *next) return absl::OkStatus();
  ::unlink(previous_.c_str());
  if (::link(path_.c_str(), previous_.c_str()) != 0) return Failed("keep a copy as", previous_);
  if (::rename(candidate_.c_str(), path_.c_str()) != 0) return Failed("replace", path_);
  candidate_.clear();
  swapped_ = true;
  return SyncFolderOf(path_);
}

absl::Status FileSwap::Undo() {
  if (!swapped_) return absl::OkStatus();
  if (::rename(previous_.c_str(), path_.c_str()) != 0) return Failed("restore", path_);
  return SyncFolderOf(path_);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about = {};
  if (fd.get() < 0 || ::fstat(fd.get(), &about) != 0) return Failed("read", path);
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(Concat(path, " is no regular file"));
  }
  std::string text;
  std::array<char, 65536> buffer;
  while (text.size() <= kMaxBytes) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed("read", path);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  return absl::FailedPreconditionError(Concat(path, " is longer than ", kMaxBytes, " bytes"));
}

}  // namespace postwatch::cli
