// Bounds: checks fields of a message from the wire and keeps the first that is out of bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace postwatch {

// Every check returns whether it held. After the first that did not, later ones change nothing.
class Bounds {
 public:
  // `message` is put before each field: "observation.id".
  explicit Bounds(std::string_view message) : message_(message) {}

  bool Length(std::string_view field, std::string_view text, size_t low, size_t high);
  bool Count(std::string_view field, int64_t count, int64_t high);
  bool Within(std::string_view field, absl::Duration value, absl::Duration low,
              absl::Duration high);
  bool That(std::string_view field, bool holds, std::string_view what);
  // Takes over a failure of a part.
  bool Part(std::string_view field, const absl::Status& status);

  const absl::Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }

 private:
  std::string message_;
  absl::Status status_;
};

// 32 lower-case hex digits, as RandomId makes them.
bool IsRandomId(std::string_view text);

// Whether it is valid UTF-8 (RFC 3629), as proto3 strings must be.
bool IsUtf8(std::string_view text);

// The text with '?' for every byte that is not part of valid UTF-8; same length.
std::string ToUtf8(std::string_view text);

}  // namespace postwatch
