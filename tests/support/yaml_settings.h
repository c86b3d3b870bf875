// YamlSettings: settings as people write them, with the lines they stand on.
#pragma once

#include <string_view>

#include "common/model/check_spec.h"

namespace postwatch {

// The tree of a file c.yaml; fails the test when the text is no YAML.
Settings YamlSettings(std::string_view text);

// The check "c" of alpha.test, with a timeout of 30 s.
CheckSpec YamlCheck(std::string_view text);

// What `read`, the reader of a kind's settings, says of this text, line by line.
template <class Read>
std::vector<std::string> MistakesOf(Read read, std::string_view text) {
  Mistakes mistakes;
  read(YamlCheck(text), mistakes);
  return mistakes.lines();
}

}  // namespace postwatch
