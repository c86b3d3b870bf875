#include "cli/command.h"

#include <cstdio>
#include <string>

namespace postwatch::cli {

int Complain(std::string_view verb, std::string_view what, int code) {
  std::fprintf(stderr, "postwatch %s: %s\n", std::string(verb).c_str(), std::string(what).c_str());
  return code;
}

}  // namespace postwatch::cli
