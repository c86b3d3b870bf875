#include "common/postgres/binary_rows.h"

#include "common/postgres/values.h"

namespace postwatch {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "PGCOPY\n\377\r\n\0"sv;

}  // namespace

BinaryRows::BinaryRows() : bytes_(kSignature) {
  AppendBigEndian(bytes_, 0, 4);  // flags
  AppendBigEndian(bytes_, 0, 4);  // length of the header's extension
}

BinaryRows& BinaryRows::BeginRow(int columns) {
  AppendBigEndian(bytes_, static_cast<uint64_t>(columns), 2);
  return *this;
}

BinaryRows& BinaryRows::AddInt(int64_t value) {
  AppendBigEndian(bytes_, 8, 4);
  AppendBigEndian(bytes_, static_cast<uint64_t>(value), 8);
  return *this;
}

BinaryRows& BinaryRows::AddSmallInt(int16_t value) {
  AppendBigEndian(bytes_, 2, 4);
  AppendBigEndian(bytes_, static_cast<uint16_t>(value), 2);
  return *this;
}

BinaryRows& BinaryRows::AddBytes(std::string_view s) {
  AppendBigEndian(bytes_, s.size(), 4);
  bytes_.append(s);
  return *this;
}

BinaryRows& BinaryRows::AddTime(absl::Time time) { return AddInt(ToPostgresMicros(time)); }

void BinaryRows::Finish() { AppendBigEndian(bytes_, 0xffff, 2); }

}  // namespace postwatch
