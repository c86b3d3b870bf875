// Improvement: which single addition to a fleet would tell most faults apart and find weak ones
// soonest.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "collector/topology/detection_time.h"
#include "collector/topology/identifiability.h"

namespace postwatch::collector {

// What it costs to have: the cheapest first.
enum class AdditionKind { kCheck, kAccount, kAgent };

// "check", "account", "agent".
std::string_view AdditionName(AdditionKind kind);

struct Improvement {
  AdditionKind kind = AdditionKind::kCheck;
  std::string what;              // "a second account at p"
  size_t pairs = 0;              // told apart, of which one at least concerns others
  size_t local_pairs = 0;        // told apart, both our own
  size_t pageable = 0;           // components that could not page and then can
  size_t likewise = 0;           // others of the kind that tell faults apart or let them page
  double before = 0, after = 0;  // mean minutes to page a fault of which 20 % of attempts fail
  std::vector<Pair> split;       // some of them
};

// The best of each kind, by what they bring for what they cost; those that bring nothing are left
// out.
std::vector<Improvement> BestAdditions(const Coverage& coverage, std::span<const Reach> reaches,
                                       const std::vector<LookAlikes>& groups);

}  // namespace postwatch::collector
