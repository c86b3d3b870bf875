// WireReader: walks over the fields of one protobuf message in place, without copying anything.
#pragma once

#include <cstdint>
#include <string_view>

namespace postwatch {

// What a field is switched on: its number together with the form its value has on the wire. A known
// number in another form is an unknown field, as it is for protobuf itself.
constexpr uint32_t NumberField(int number) { return static_cast<uint32_t>(number) << 3; }
constexpr uint32_t BytesField(int number) { return static_cast<uint32_t>(number) << 3 | 2; }

// The bytes must outlive it.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  // Goes to the next field, of whatever number; false at the end, or where the bytes are no
  // message.
  bool Next();
  // Whether everything so far was a message. Groups, which proto3 does not have, are none.
  bool sound() const { return sound_; }

  uint32_t field() const { return field_; }          // as NumberField and BytesField make it
  uint64_t number() const { return number_; }        // of a NumberField
  std::string_view bytes() const { return bytes_; }  // of a BytesField

 private:
  bool ReadVarint(uint64_t& value);
  bool Skip(size_t length);
  bool Broken() { return sound_ = false; }

  std::string_view rest_;
  uint32_t field_ = 0;
  uint64_t number_ = 0;
  std::string_view bytes_;
  bool sound_ = true;
};

}  // namespace postwatch
