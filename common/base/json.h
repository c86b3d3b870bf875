// JSON text: escaping and a small writer. Reading JSON is left to whoever has a library for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postwatch {

// The text as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD: peers' words are not
// trusted to be text. Also escapes U+2028/2029 and '<', so that the result is safe inside HTML.
std::string JsonString(std::string_view text);

// Builds one JSON document, in order of the calls; commas and quoting are its business.
//   JsonWriter w; w.BeginObject(); w.Key("a"); w.Number(1); w.EndObject(); w.Take() -> {"a":1}
class JsonWriter {
 public:
  void BeginObject();
  void EndObject();
  void BeginArray();
  void EndArray();
  void Key(std::string_view name);
  void String(std::string_view value);
  void Number(double value);  // shortest form that reads back the same; NaN and infinity are null
  void Integer(int64_t value);
  void Bool(bool value);
  void Null();
  void Raw(std::string_view json);  // an already finished value

  // Key and value at once.
  void Field(std::string_view name, std::string_view value);
  void Field(std::string_view name, const char* value) { Field(name, std::string_view(value)); }
  void Field(std::string_view name, double value);
  void Field(std::string_view name, int64_t value);
  void Field(std::string_view name, int value) { Field(name, static_cast<int64_t>(value)); }
  void Field(std::string_view name, bool value);

  std::string Take() { return std::move(out_); }

 private:
  void Separate();

  std::string out_;
  std::vector<bool> has_items_;
  bool after_key_ = false;
};

}  // namespace postwatch
