// LockFile: keeps a second process away from files that only one may use.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace postwatch {

// Held until destroyed, or until the process ends, however it ends: the kernel lets go of it
// (flock(2)), so none is ever left over. The file itself stays; what counts is the lock on it.
class LockFile {
 public:
  // Makes the file (0600) if need be, locks it without waiting and writes the process id into it.
  // FailedPrecondition when another process has it, with that one's id; PermissionDenied or
  // ResourceExhausted when the file cannot be made.
  static absl::StatusOr<LockFile> Take(const std::string& path);

  LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LockFile& operator=(LockFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace postwatch
