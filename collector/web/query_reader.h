// QueryReader: reads the parameters of one API request; what makes no sense is refused, not
// ignored.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace postwatch::collector {

// Ask for each parameter there is, then Finish: parameters nobody asked for are mistakes too.
class QueryReader {
 public:
  // `query` outlives the reader.
  explicit QueryReader(const std::map<std::string, std::string>& query) : query_(query) {}

  // Any text; empty when it is not given.
  std::string Text(const std::string& name);
  // One of `allowed`, or `fallback` when it is not given.
  std::string Choice(const std::string& name, std::initializer_list<std::string_view> allowed,
                     std::string_view fallback);
  // A whole number in the range, or `fallback` when it is not given.
  int64_t Number(const std::string& name, int64_t least, int64_t most, int64_t fallback);

  // InvalidArgument names the parameter, what it says and what it may say: of the first mistake.
  absl::Status Finish() const;

 private:
  // Null when it is not given.
  const std::string* Find(const std::string& name);
  void Complain(const std::string& name, std::string_view value, std::string_view allowed);

  const std::map<std::string, std::string>& query_;
  std::vector<std::string> known_;
  absl::Status mistake_;
};

}  // namespace postwatch::collector
