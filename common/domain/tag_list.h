// TagList: "name=value; name=value", the form that DKIM, DMARC, MTA-STS and TLS-RPT records share
// (RFC 6376 section 3.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

class TagList {
 public:
  // White space around names and values is dropped, a semicolon at the end is fine. InvalidArgument
  // names the part that is no tag, and a name that comes twice. At most 64 tags.
  static absl::StatusOr<TagList> Parse(std::string_view text);

  // Null when absent. Names are compared as they stand: all of these formats write them in small
  // letters.
  const std::string* Find(std::string_view name) const;
  // In order.
  const std::vector<std::pair<std::string, std::string>>& tags() const { return tags_; }

 private:
  std::vector<std::pair<std::string, std::string>> tags_;
};

}  // namespace postwatch
