#include "common/config/expand.h"

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxResult = 64 << 10;
constexpr size_t kMaxName = 128;

bool IsVariableName(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!good && c != '_') return false;
  }
  return true;
}

}  // namespace

std::string ExpandEnvironment(
    std::string_view text,
    const std::function<std::optional<std::string>(const std::string&)>& environment,
    const std::function<void(std::string_view)>& complain) {
  std::string result;
  while (true) {
    size_t start = text.find("${");
    result += text.substr(0, start);
    if (start == std::string_view::npos) return result;
    if (start > 0 && text[start - 1] == '$') {
      result += '{';  // its $ was copied with what stands before
      text.remove_prefix(start + 2);
      continue;
    }
    text.remove_prefix(start + 2);
    size_t end = text.find('}');
    std::string name(text.substr(0, end));
    if (end == std::string_view::npos) {
      complain("${ has no closing }; write $${ for a literal ${");
      return result;
    }
    text.remove_prefix(end + 1);
    if (!IsVariableName(name)) {
      complain(Concat("${", Truncate(name, kMaxName),
                      "} is no variable name; write $${ for a literal ${"));
      continue;
    }
    std::optional<std::string> value = environment(name);
    if (!value.has_value()) {
      complain(Concat("the environment variable ", name, " is not set"));
      continue;
    }
    if (result.size() + value->size() > kMaxResult) {
      complain(Concat("with ", name, " the value is longer than ", kMaxResult, " bytes"));
      return result;
    }
    result += *value;
  }
}

}  // namespace postwatch
