// Secret: a password or key that cannot be printed by accident and is wiped when it goes.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace postwatch {

// Owns the bytes; never copies silently, never converts to string, has no operator<<.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret Clone() const { return Secret(value_); }
  bool empty() const { return value_.empty(); }

  // The bytes, for the one call that needs them. Valid as long as this object.
  std::string_view Reveal() const { return value_; }

 private:
  void Wipe();

  std::string value_;
};

// Where a secret lives; travels in configuration instead of the secret. Exactly one is set.
struct SecretReference {
  std::string file;
  std::string env;
};

// Reads the secret now (so rotation needs no restart). One trailing newline of a file is dropped.
// Errors name the file or variable, never the content: NotFound, PermissionDenied, or
// InvalidArgument when it is empty, longer than 64 KiB or holds CR, LF or NUL.
absl::StatusOr<Secret> ResolveSecret(const SecretReference& reference);

// Overwrites bytes so that the compiler cannot drop it.
void WipeBytes(std::string& bytes);

}  // namespace postwatch
