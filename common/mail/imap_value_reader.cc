#include "common/mail/imap_value_reader.h"

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr int kMaxDepth = 20;
constexpr size_t kMaxValues = 10000;
constexpr char kLiteralMark = '\0';

}  // namespace

void ImapValueReader::SkipSpaces() {
  while (!AtEnd() && text_[at_] == ' ') ++at_;
}

std::optional<ImapValue> ImapValueReader::Read(int depth) {
  SkipSpaces();
  if (AtEnd() || depth > kMaxDepth || ++values_ > kMaxValues) return std::nullopt;
  switch (text_[at_]) {
    case '(':
      return ReadList(depth);
    case '"':
      return ReadQuoted();
    case kLiteralMark:
      return ReadLiteral();
    default:
      return ReadAtom();
  }
}

std::optional<ImapValue> ImapValueReader::ReadList(int depth) {
  ++at_;
  ImapValue list{ImapValue::Kind::kList, "", {}};
  for (;;) {
    SkipSpaces();
    if (AtEnd()) return std::nullopt;
    if (text_[at_] == ')') break;
    std::optional<ImapValue> item = Read(depth + 1);
    if (!item.has_value()) return std::nullopt;
    list.items.push_back(*std::move(item));
  }
  ++at_;
  return list;
}

std::optional<ImapValue> ImapValueReader::ReadQuoted() {
  ImapValue value{ImapValue::Kind::kString, "", {}};
  for (++at_; !AtEnd() && text_[at_] != '"'; ++at_) {
    if (text_[at_] == '\\') ++at_;
    if (AtEnd() || text_[at_] == kLiteralMark) return std::nullopt;
    value.text += text_[at_];
  }
  if (AtEnd()) return std::nullopt;
  ++at_;
  return value;
}

std::optional<ImapValue> ImapValueReader::ReadLiteral() {
  if (next_literal_ >= literals_.size()) return std::nullopt;
  ++at_;
  return ImapValue{ImapValue::Kind::kString, std::move(literals_[next_literal_++]), {}};
}

bool ImapValueReader::ReadSection(std::string& out) {
  while (!AtEnd() && text_[at_] != ']') {
    const char c = text_[at_];
    if (c != '"' && c != kLiteralMark) {
      out += c;
      ++at_;
      continue;
    }
    std::optional<ImapValue> name = c == '"' ? ReadQuoted() : ReadLiteral();
    if (!name.has_value()) return false;
    out += name->text;
  }
  return !AtEnd();
}

std::optional<ImapValue> ImapValueReader::ReadAtom() {
  ImapValue value{ImapValue::Kind::kAtom, "", {}};
  while (!AtEnd()) {
    const char c = text_[at_];
    if (c == ' ' || c == '(' || c == ')' || c == '"' || c == kLiteralMark) break;
    value.text += c;
    ++at_;
    if (c == '[' && !ReadSection(value.text)) return std::nullopt;
  }
  if (value.text.empty()) return std::nullopt;
  if (EqualsIgnoreCase(value.text, "NIL")) return ImapValue{};
  return value;
}

}  // namespace postwatch
