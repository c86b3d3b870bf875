// PostgresParameters, PostgresRow: typed values in PostgreSQL's binary form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

struct pg_result;

namespace postwatch {

// Types of values, by the numbers that PostgreSQL knows them by.
enum class PostgresType : unsigned {
  kBool = 16,
  kBytes = 17,
  kInt = 20,
  kText = 25,
  kTime = 1184,  // with time zone
};

// `bytes` least significant bytes of `value`, the most significant first.
void AppendBigEndian(std::string& out, uint64_t value, int bytes);

// Microseconds since the year 2000, as PostgreSQL keeps times. What it cannot keep becomes its
// infinities.
int64_t ToPostgresMicros(absl::Time time);
absl::Time FromPostgresMicros(int64_t micros);

// What stands for $1, $2, ... in a statement, in this order. Text must be UTF-8 without NUL bytes:
// anything else is refused by the server.
class PostgresParameters {
 public:
  PostgresParameters& AddInt(int64_t value);
  PostgresParameters& AddBool(bool value);
  PostgresParameters& AddText(std::string_view text);
  PostgresParameters& AddBytes(std::string_view bytes);
  PostgresParameters& AddTime(absl::Time time);
  PostgresParameters& AddNull(PostgresType type);

  struct Value {
    PostgresType type;
    std::optional<std::string> bytes;  // none: NULL
  };
  const std::vector<Value>& values() const { return values_; }

 private:
  std::vector<Value> values_;
};

// One row of an answer; columns count from 0. NULL reads as 0, "" and the epoch.
class PostgresRow {
 public:
  PostgresRow(const pg_result* result, int row) : result_(result), row_(row) {}

  int64_t Int(int column) const;  // any integer type, and bool
  std::string Text(int column) const { return std::string(View(column)); }
  std::string_view View(int column) const;  // text and bytes; valid as long as the row
  absl::Time Time(int column) const;
  bool IsNull(int column) const;

 private:
  const pg_result* result_;
  int row_;
};

}  // namespace postwatch
