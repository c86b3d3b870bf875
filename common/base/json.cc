#include "common/base/json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

// Length of the valid UTF-8 sequence at text[at], or 0 when there is none (RFC 3629 section 4).
size_t SequenceLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return length;
}

void AppendAscii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == 0x7F) {
        absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
      } else {
        out += c;
      }
  }
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceLength(text, at);
    if (length == 1) {
      AppendAscii(out, text[at]);
    } else if (length == 0) {
      out += "\\ufffd";
    } else if (text.substr(at, length) == "\u2028") {
      out += "\\u2028";
    } else if (text.substr(at, length) == "\u2029") {
      out += "\\u2029";
    } else {
      out += text.substr(at, length);
    }
    at += std::max<size_t>(length, 1);
  }
  out += '"';
  return out;
}

void JsonWriter::Separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_items_.empty()) return;
  if (has_items_.back()) out_ += ',';
  has_items_.back() = true;
}

void JsonWriter::BeginObject() {
  Separate();
  out_ += '{';
  has_items_.push_back(false);
}

void JsonWriter::EndObject() {
  out_ += '}';
  has_items_.pop_back();
}

void JsonWriter::BeginArray() {
  Separate();
  out_ += '[';
  has_items_.push_back(false);
}

void JsonWriter::EndArray() {
  out_ += ']';
  has_items_.pop_back();
}

void JsonWriter::Key(std::string_view name) {
  Separate();
  out_ += JsonString(name);
  out_ += ':';
  after_key_ = true;
}

void JsonWriter::String(std::string_view value) { Raw(JsonString(value)); }

void JsonWriter::Number(double value) {
  if (!std::isfinite(value)) {
    Null();
    return;
  }
  std::string text = absl::StrFormat("%.15g", value);
  double read_back = 0;
  if (!absl::SimpleAtod(text, &read_back) || read_back != value) {
    text = absl::StrFormat("%.17g", value);
  }
  Raw(text);
}

void JsonWriter::Integer(int64_t value) { Raw(Concat(value)); }
void JsonWriter::Bool(bool value) { Raw(value ? "true" : "false"); }
void JsonWriter::Null() { Raw("null"); }

void JsonWriter::Raw(std::string_view json) {
  Separate();
  out_ += json;
}

void JsonWriter::Field(std::string_view name, std::string_view value) {
  Key(name);
  String(value);
}

void JsonWriter::Field(std::string_view name, double value) {
  Key(name);
  Number(value);
}

void JsonWriter::Field(std::string_view name, int64_t value) {
  Key(name);
  Integer(value);
}

void JsonWriter::Field(std::string_view name, bool value) {
  Key(name);
  Bool(value);
}

}  // namespace postwatch
