#include "common/wire/wire_reader.h"

namespace postwatch {
namespace {

constexpr size_t kMaxVarintBytes = 10;
constexpr uint64_t kMaxTag = 0xffffffff;

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

}  // namespace

bool WireReader::Next() {
  if (rest_.empty() || !sound_) return false;
  uint64_t tag = 0;
  if (!ReadVarint(tag) || tag > kMaxTag || tag >> 3 == 0) return Broken();
  field_ = static_cast<uint32_t>(tag);
  switch (field_ & 7) {
    case kVarint:
      return ReadVarint(number_) || Broken();
    case kLengthDelimited: {
      uint64_t length = 0;
      if (!ReadVarint(length) || length > rest_.size()) return Broken();
      bytes_ = rest_.substr(0, static_cast<size_t>(length));
      return Skip(static_cast<size_t>(length));
    }
    case kFixed64:
      return Skip(8);
    case kFixed32:
      return Skip(4);
    default:
      return Broken();
  }
}

bool WireReader::ReadVarint(uint64_t& value) {
  if (!rest_.empty() && static_cast<unsigned char>(rest_.front()) < 0x80) {  // nearly all
    value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }
  value = 0;
  for (size_t i = 0; i < kMaxVarintBytes && i < rest_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return Skip(i + 1);
  }
  return false;
}

bool WireReader::Skip(size_t length) {
  if (length > rest_.size()) return Broken();
  rest_.remove_prefix(length);
  return true;
}

}  // namespace postwatch
