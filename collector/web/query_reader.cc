#include "collector/web/query_reader.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxShown = 100;  // of what the client wrote

}  // namespace

const std::string* QueryReader::Find(const std::string& name) {
  known_.push_back(name);
  const auto it = query_.find(name);
  return it == query_.end() ? nullptr : &it->second;
}

void QueryReader::Complain(const std::string& name, std::string_view value,
                           std::string_view allowed) {
  if (!mistake_.ok()) return;
  mistake_ = absl::InvalidArgumentError(
      Concat(name, ": '", Truncate(value, kMaxShown), "' is not ", allowed));
}

std::string QueryReader::Text(const std::string& name) {
  const std::string* value = Find(name);
  return value == nullptr ? "" : *value;
}

std::string QueryReader::Choice(const std::string& name,
                                std::initializer_list<std::string_view> allowed,
                                std::string_view fallback) {
  const std::string* value = Find(name);
  if (value == nullptr) return std::string(fallback);
  if (std::ranges::find(allowed, *value) == allowed.end()) {
    const std::vector<std::string> words(allowed.begin(), allowed.end());
    Complain(name, *value, Concat("one of ", Join(words, ", ")));
  }
  return *value;
}

int64_t QueryReader::Number(const std::string& name, int64_t least, int64_t most,
                            int64_t fallback) {
  const std::string* value = Find(name);
  if (value == nullptr) return fallback;
  const std::optional<int64_t> number = ParseInteger(*value);
  if (number && *number >= least && *number <= most) return *number;
  Complain(name, *value, Concat("a whole number from ", least, " to ", most));
  return fallback;
}

absl::Status QueryReader::Finish() const {
  for (const auto& [name, value] : query_) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    return absl::InvalidArgumentError(
        Concat("'", Truncate(name, kMaxShown), "' is no parameter here; there ",
               known_.empty() ? std::string("are none") : Concat("are ", Join(known_, ", "))));
  }
  return mistake_;
}

}  // namespace postwatch::collector
