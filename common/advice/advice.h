// Advice: what to do about each failure class, in one sentence.
#pragma once

#include <string_view>

#include "common/model/failure_class.h"

namespace postwatch {

// Never empty; a class without advice of its own gets that of its fault domain.
std::string_view FixFor(FailureClass klass);

}  // namespace postwatch
