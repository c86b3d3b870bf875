// File swap: puts another file in the place of one that a program reads, with a way back.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace postwatch::cli {

// One exchange of PATH. Beside it lie, while that lasts, .NAME.new and, from then on,
// NAME.previous. Not for two at a time.
class FileSwap {
 public:
  // Writes `text` beside `path`, for its owner and with its mode, to be looked at before it counts.
  // FailedPrecondition when `path` is no regular file; else what the system says.
  static absl::StatusOr<FileSwap> Prepare(const std::string& path, std::string_view text);

  FileSwap(FileSwap&& other) noexcept;
  FileSwap& operator=(FileSwap&&) = delete;
  ~FileSwap();  // takes away what did not get into place

  const std::string& candidate() const { return candidate_; }

  // The candidate is PATH from now on, also after a power failure; what it was is kept.
  // Where the bytes are the same nothing is done: what was kept before is worth more.
  absl::Status Commit();
  // After Commit: PATH is what it was.
  absl::Status Undo();

 private:
  explicit FileSwap(const std::string& path);

  std::string path_, candidate_, previous_;
  bool swapped_ = false;
};

// The whole of a regular file of at most 1 MiB.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace postwatch::cli
