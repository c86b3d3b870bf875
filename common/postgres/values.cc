#include "common/postgres/values.h"

#include <libpq-fe.h>

#include <limits>

namespace postwatch {
namespace {

constexpr int64_t kYear2000 = 946'684'800'000'000;  // in Unix microseconds
// The first that a timestamp can hold, which is in 4714 BC; the last is beyond what we can say.
constexpr int64_t kEarliest = -211'813'488'000'000'000;
constexpr int64_t kMinusInfinity = std::numeric_limits<int64_t>::min();
constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();

}  // namespace

void AppendBigEndian(std::string& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

int64_t ToPostgresMicros(absl::Time time) {
  const int64_t unix_micros = absl::ToUnixMicros(time);
  if (unix_micros < kEarliest + kYear2000) return kMinusInfinity;
  if (unix_micros == kInfinity) return kInfinity;
  return unix_micros - kYear2000;
}

absl::Time FromPostgresMicros(int64_t micros) {
  if (micros == kMinusInfinity) return absl::InfinitePast();
  if (micros > kInfinity - kYear2000) return absl::InfiniteFuture();
  return absl::FromUnixMicros(micros + kYear2000);
}

PostgresParameters& PostgresParameters::AddInt(int64_t value) {
  std::string bytes;
  AppendBigEndian(bytes, static_cast<uint64_t>(value), 8);
  values_.push_back({PostgresType::kInt, std::move(bytes)});
  return *this;
}

PostgresParameters& PostgresParameters::AddBool(bool value) {
  values_.push_back({PostgresType::kBool, std::string(1, value ? '\1' : '\0')});
  return *this;
}

PostgresParameters& PostgresParameters::AddText(std::string_view text) {
  values_.push_back({PostgresType::kText, std::string(text)});
  return *this;
}

PostgresParameters& PostgresParameters::AddBytes(std::string_view bytes) {
  values_.push_back({PostgresType::kBytes, std::string(bytes)});
  return *this;
}

PostgresParameters& PostgresParameters::AddTime(absl::Time time) {
  AddInt(ToPostgresMicros(time));
  values_.back().type = PostgresType::kTime;
  return *this;
}

PostgresParameters& PostgresParameters::AddNull(PostgresType type) {
  values_.push_back({type, std::nullopt});
  return *this;
}

std::string_view PostgresRow::View(int column) const {
  return {PQgetvalue(result_, row_, column),
          static_cast<size_t>(PQgetlength(result_, row_, column))};
}

int64_t PostgresRow::Int(int column) const {
  const std::string_view bytes = View(column);
  if (bytes.empty() || bytes.size() > 8) return 0;
  // A negative number of fewer bytes is continued with ones.
  const bool negative = bytes.size() > 1 && (bytes.front() & 0x80) != 0;
  uint64_t value = negative ? ~uint64_t{0} : 0;
  for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
  return static_cast<int64_t>(value);
}

absl::Time PostgresRow::Time(int column) const {
  return IsNull(column) ? absl::UnixEpoch() : FromPostgresMicros(Int(column));
}

bool PostgresRow::IsNull(int column) const { return PQgetisnull(result_, row_, column) == 1; }

}  // namespace postwatch
