// BinaryRows: rows in the binary form that COPY ... FROM STDIN (FORMAT binary) reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace postwatch {

// Begin a row, add exactly as many values as it was told, in the order of COPY's columns; Finish
// after the last row. The types must be the columns' own: COPY converts nothing.
class BinaryRows {
 public:
  BinaryRows();

  BinaryRows& BeginRow(int columns);
  BinaryRows& AddInt(int64_t value);         // bigint
  BinaryRows& AddSmallInt(int16_t value);    // smallint
  BinaryRows& AddBytes(std::string_view s);  // bytea; text too, which must be UTF-8 without NUL
  BinaryRows& AddTime(absl::Time time);      // timestamptz
  void Finish();

  // What has been written since the last Clear.
  std::string_view bytes() const { return bytes_; }
  void Clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace postwatch
