// Flags: the command line of all our programs: "--name value", "--name=value", "--name", words.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

struct FlagSpec {
  std::string_view name;   // "config.file"
  std::string_view value;  // what the value is, for --help ("FILE"); empty for a switch
  std::string_view help;
};

class Flags {
 public:
  // InvalidArgument for an unknown flag, a missing value, a value given to a switch. "--" ends the
  // flags.
  static absl::StatusOr<Flags> Parse(std::span<const std::string_view> arguments,
                                     std::span<const FlagSpec> specs);

  bool Has(std::string_view name) const;
  // The last one given, or `fallback`.
  std::string Get(std::string_view name, std::string_view fallback = "") const;
  // All of them, in order.
  std::vector<std::string> All(std::string_view name) const;
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::multimap<std::string, std::string, std::less<>> values_;
  std::vector<std::string> words_;
};

// "  --config.file FILE   ..." one a line.
std::string FlagHelp(std::span<const FlagSpec> specs);

}  // namespace postwatch
