// Verdict change: what is different between two verdicts, as people see it.
#pragma once

#include <cstdint>
#include <string>

#include "collector/model/verdict.h"

namespace postwatch::collector {

// "eu failing, us well".
std::string ScopeText(const Verdict& verdict);

bool DiffersForPeople(const Verdict& a, const Verdict& b);

// Regions in which something fails.
int64_t FailingRegions(const Verdict& verdict);

// Another cause that is named is another fault.
bool IsAlike(const Verdict& a, const Verdict& b);

}  // namespace postwatch::collector
