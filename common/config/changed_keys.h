// Changed keys: where two configurations differ, without what they say.
#pragma once

#include <string>
#include <vector>

#include "common/model/settings.h"

namespace postwatch {

// The paths ("tls.cert") of the values that only one of two trees has, or that differ; sorted.
// Lists are one value.
std::vector<std::string> ChangedKeys(const Settings& before, const Settings& after);

}  // namespace postwatch
