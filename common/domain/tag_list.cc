#include "common/domain/tag_list.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxTags = 64;
constexpr size_t kMaxQuoted = 60;  // of a broken part, in an error

bool IsTagName(std::string_view name) {
  if (name.empty()) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

absl::StatusOr<TagList> TagList::Parse(std::string_view text) {
  TagList list;
  for (const std::string_view part : Split(text, ';')) {
    const std::string_view tag = Trim(part);
    if (tag.empty()) continue;
    const size_t equals = tag.find('=');
    const std::string_view name = Trim(tag.substr(0, equals));
    if (equals == tag.npos || !IsTagName(name)) {
      return absl::InvalidArgumentError(
          Concat("'", Truncate(tag, kMaxQuoted), "' is not name=value"));
    }
    if (list.Find(name) != nullptr) {
      return absl::InvalidArgumentError(Concat("the tag ", name, " comes twice"));
    }
    if (list.tags_.size() == kMaxTags) return absl::InvalidArgumentError("too many tags");
    list.tags_.emplace_back(name, Trim(tag.substr(equals + 1)));
  }
  return list;
}

const std::string* TagList::Find(std::string_view name) const {
  const auto tag = std::ranges::find(tags_, name, &std::pair<std::string, std::string>::first);
  return tag == tags_.end() ? nullptr : &tag->second;
}

}  // namespace postwatch
