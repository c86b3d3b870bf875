#include "common/model/observation.h"

namespace postwatch {

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
      return "pass";
    case Outcome::kFail:
      return "fail";
    case Outcome::kNotTested:
      return "not_tested";
  }
  return "not_tested";
}

}  // namespace postwatch
