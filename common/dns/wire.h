// Wire: reading and writing the bytes of DNS messages (RFC 1035 section 4), every step checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postwatch {

// Reads forward. Each read says whether it fitted; after one that did not, stop.
class DnsWireReader {
 public:
  explicit DnsWireReader(std::string_view message) : message_(message), end_(message.size()) {}

  bool U8(uint8_t& value);
  bool U16(uint16_t& value);
  bool U32(uint32_t& value);
  bool Bytes(size_t count, std::string_view& value);

  // A possibly compressed name in canonical presentation form (lower case, no final dot, "." for
  // the root; '.', '\' and bytes that do not print escaped as RFC 4343 section 2.1 does). Each
  // pointer must point before the place where the name (or the part it was reached by) began, so
  // that no chain of them can loop.
  bool Name(std::string& name);

  // A reader of the next `count` bytes; names in it may point back into the whole message. `count`
  // must not exceed left().
  DnsWireReader Sub(size_t count) const;

  bool at_end() const { return offset_ == end_; }
  size_t left() const { return end_ - offset_; }
  size_t offset() const { return offset_; }
  size_t size() const { return message_.size(); }

 private:
  std::string_view message_;
  size_t offset_ = 0;
  size_t end_;
};

class WireWriter {
 public:
  void U8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void U16(uint16_t value);
  void U32(uint32_t value);
  void Bytes(std::string_view bytes) { out_ += bytes; }

  // An uncompressed name from presentation form, "\." and "\DDD" understood. False for a name that
  // is none: an empty label, one over 63 octets, over 255 octets in all, a broken escape.
  bool Name(std::string_view name);

  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace postwatch
