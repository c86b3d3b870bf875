// Record terms: an explained record, laid out one term a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postwatch::cli {

struct Term {
  std::string written;  // "ip4:192.0.2.0/24"
  std::string meaning;
};

// The title, then each term beside its meaning, then the remarks (mistakes, limits), all wrapped.
std::string LayOut(std::string_view title, const std::vector<Term>& terms,
                   const std::vector<std::string>& remarks);

}  // namespace postwatch::cli
