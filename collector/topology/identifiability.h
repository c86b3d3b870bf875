// Identifiability: which faults no correlator can tell apart, as the same runs see them alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "collector/topology/reach.h"

namespace postwatch::collector {

// A set of manners, a bit each.
using Manners = uint32_t;
inline Manners Bit(Manner manner) { return Manners{1} << static_cast<unsigned>(manner); }

struct LookAlikes {
  std::vector<ComponentId> members;  // two or more
  Manners manners = 0;               // in which they all look alike
  ComponentId named = 0;             // whom the correlator would name
  // Somebody is to be told of one of them, as against trouble of our own only.
  bool any_real = false;
  // Whether an alert would go out at all.
  bool pages = false;
};

// In which manners both look alike.
Manners Alike(const Reach& a, const Reach& b);

// Largest first. Neutral parties are left out, as nobody is blamed for theirs.
std::vector<LookAlikes> FindLookAlikes(const Coverage& coverage, std::span<const Reach> reaches);

struct Pair {
  ComponentId a = 0, b = 0;
  bool any_real = false;
};

// Each pair within the groups, once.
std::vector<Pair> PairsOf(const std::vector<LookAlikes>& groups, const Catalog& catalog);

// When it does not answer, the ways of all networks that see it may be at fault as well: they use
// them for nothing else. The fewer they are, the likelier that is.
struct FewNetworks {
  ComponentId id = 0;
  bool never = false;  // pages so; else it does, but only after a while
};
// Not of services and providers, nor of what would be named as one: that nobody gets through to a
// provider is no trouble of some paths.
std::vector<FewNetworks> SeenByFewNetworks(const Coverage& coverage, std::span<const Reach> reaches,
                                           const std::vector<LookAlikes>& groups);

// Components whose fault concerns others but can never page.
std::vector<ComponentId> NeverPaging(const Coverage& coverage, std::span<const Reach> reaches);

}  // namespace postwatch::collector
