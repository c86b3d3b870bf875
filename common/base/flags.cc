#include "common/base/flags.h"

#include <algorithm>

#include "common/base/text.h"

namespace postwatch {

absl::StatusOr<Flags> Flags::Parse(std::span<const std::string_view> arguments,
                                   std::span<const FlagSpec> specs) {
  Flags flags;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument == "--") {
      for (++i; i < arguments.size(); ++i) flags.words_.emplace_back(arguments[i]);
      break;
    }
    if (!argument.starts_with("--")) {
      flags.words_.emplace_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
    const auto spec = std::ranges::find(specs, name, &FlagSpec::name);
    if (spec == specs.end()) {
      return absl::InvalidArgumentError(Concat("--", name, " is not a known flag; see --help"));
    }
    if (spec->value.empty()) {
      if (equals != argument.npos) {
        return absl::InvalidArgumentError(Concat("--", name, " takes no value"));
      }
      flags.values_.emplace(name, "true");
    } else if (equals != argument.npos) {
      flags.values_.emplace(name, argument.substr(equals + 1));
    } else if (i + 1 < arguments.size()) {
      flags.values_.emplace(name, arguments[++i]);
    } else {
      return absl::InvalidArgumentError(Concat("--", name, " needs a value: ", spec->value));
    }
  }
  return flags;
}

bool Flags::Has(std::string_view name) const { return values_.contains(name); }

std::string Flags::Get(std::string_view name, std::string_view fallback) const {
  const auto [first, last] = values_.equal_range(name);
  return first == last ? std::string(fallback) : std::prev(last)->second;
}

std::vector<std::string> Flags::All(std::string_view name) const {
  std::vector<std::string> all;
  const auto [first, last] = values_.equal_range(name);
  for (auto it = first; it != last; ++it) all.push_back(it->second);
  return all;
}

std::string FlagHelp(std::span<const FlagSpec> specs) {
  size_t width = 0;
  for (const FlagSpec& spec : specs) {
    width = std::max(width, spec.name.size() + spec.value.size() + 1);
  }
  std::string help;
  for (const FlagSpec& spec : specs) {
    std::string left = Concat(spec.name, " ", spec.value);
    left.resize(width, ' ');
    Append(help, "  --", left, "  ", spec.help, "\n");
  }
  return help;
}

}  // namespace postwatch
