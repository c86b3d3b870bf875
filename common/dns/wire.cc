#include "common/dns/wire.h"

#include <utility>

#include "common/base/text.h"
#include "common/dns/message.h"

namespace postwatch {
namespace {

constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxName = 255;   // octets on the wire, the root's zero included
constexpr int kMaxPointers = 127;  // one before each label is the most that makes sense
constexpr uint8_t kPointerBits = 0xc0;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// RFC 1035 section 5.1: dots and backslashes of a label are escaped, what does not print as \DDD.
void AppendCharacter(char c, std::string& name) {
  auto byte = static_cast<unsigned char>(c);
  if (byte <= ' ' || byte > '~') {
    name += '\\';
    name += static_cast<char>('0' + byte / 100);
    name += static_cast<char>('0' + byte / 10 % 10);
    name += static_cast<char>('0' + byte % 10);
    return;
  }
  if (c == '.' || c == '\\') name += '\\';
  name += Lower(c);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes one possibly escaped character; -1 when the escape is broken.
int TakeCharacter(std::string_view& name) {
  char first = name.front();
  name.remove_prefix(1);
  if (first != '\\') return static_cast<unsigned char>(first);
  if (name.empty()) return -1;
  if (!IsDigit(name.front())) {
    char escaped = name.front();
    name.remove_prefix(1);
    return static_cast<unsigned char>(escaped);
  }
  if (name.size() < 3 || !IsDigit(name[1]) || !IsDigit(name[2])) return -1;
  int value = (name[0] - '0') * 100 + (name[1] - '0') * 10 + (name[2] - '0');
  name.remove_prefix(3);
  return value > 255 ? -1 : value;
}

}  // namespace

bool DnsWireReader::U8(uint8_t& value) {
  if (left() < 1) return false;
  value = static_cast<uint8_t>(message_[offset_++]);
  return true;
}

bool DnsWireReader::U16(uint16_t& value) {
  uint8_t high = 0, low = 0;
  if (left() < 2 || !U8(high) || !U8(low)) return false;
  value = static_cast<uint16_t>(high << 8 | low);
  return true;
}

bool DnsWireReader::U32(uint32_t& value) {
  uint16_t high = 0, low = 0;
  if (left() < 4 || !U16(high) || !U16(low)) return false;
  value = uint32_t{high} << 16 | low;
  return true;
}

bool DnsWireReader::Bytes(size_t count, std::string_view& value) {
  if (left() < count) return false;
  value = message_.substr(offset_, count);
  offset_ += count;
  return true;
}

DnsWireReader DnsWireReader::Sub(size_t count) const {
  DnsWireReader sub = *this;
  sub.end_ = offset_ + count;
  return sub;
}

bool DnsWireReader::Name(std::string& name) {
  name.clear();
  size_t octets = 1;
  size_t part_start = offset_;
  size_t at = offset_;
  size_t end = end_;
  int pointers = 0;
  while (true) {
    if (at >= end) return false;
    auto length = static_cast<uint8_t>(message_[at]);
    if ((length & kPointerBits) == kPointerBits) {
      if (end - at < 2) return false;
      size_t target = size_t{length & 0x3fu} << 8 | static_cast<uint8_t>(message_[at + 1]);
      if (target >= part_start || pointers == kMaxPointers) return false;
      if (pointers++ == 0) offset_ = at + 2;
      part_start = at = target;
      end = message_.size();
      continue;
    }
    if (length > kMaxLabel) return false;  // 01 and 10 are no label types any more (RFC 6891)
    ++at;
    if (length == 0) break;
    octets += length + 1u;
    if (octets > kMaxName || end - at < length) return false;
    for (char c : message_.substr(at, length)) AppendCharacter(c, name);
    name += '.';
    at += length;
  }
  if (pointers == 0) offset_ = at;
  if (name.empty()) {
    name = ".";
  } else {
    name.pop_back();
  }
  return true;
}

void WireWriter::U16(uint16_t value) {
  U8(static_cast<uint8_t>(value >> 8));
  U8(static_cast<uint8_t>(value & 0xff));
}

void WireWriter::U32(uint32_t value) {
  U16(static_cast<uint16_t>(value >> 16));
  U16(static_cast<uint16_t>(value & 0xffff));
}

bool WireWriter::Name(std::string_view name) {
  size_t start = out_.size();
  if (name.empty()) return false;
  if (name == ".") name = "";
  while (!name.empty()) {
    size_t length_at = out_.size();
    out_.push_back('\0');
    while (!name.empty() && name.front() != '.') {
      int c = TakeCharacter(name);
      if (c < 0) return false;
      out_.push_back(static_cast<char>(c));
    }
    if (!name.empty()) name.remove_prefix(1);
    size_t length = out_.size() - length_at - 1;
    if (length == 0 || length > kMaxLabel) return false;
    out_[length_at] = static_cast<char>(length);
  }
  out_.push_back('\0');
  return out_.size() - start <= kMaxName;
}

std::string CanonicalName(std::string_view name) {
  std::string canonical;
  std::string_view rest = name;
  bool final_dot = false;
  while (!rest.empty()) {
    final_dot = rest.front() == '.';
    if (final_dot) {
      canonical += '.';
      rest.remove_prefix(1);
      continue;
    }
    int c = TakeCharacter(rest);
    if (c < 0) return AsciiLower(name);  // no name at all; left readable for the error message
    AppendCharacter(static_cast<char>(c), canonical);
  }
  if (final_dot) canonical.pop_back();
  return canonical.empty() ? "." : canonical;
}

}  // namespace postwatch
