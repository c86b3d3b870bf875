// Reach: what sees each component: which runs, how often, from how many networks.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/topology/coverage.h"

namespace postwatch::collector {

// How a fault shows. Families that point the same way in different checks are one manner.
enum class Manner : uint8_t {
  kSilent,
  kRefused,
  kReset,
  kServer,
  kLookupFailed,
  kRecords,
  kCertificate,
  kLogin,
  kLoginTemp,
  kMailbox,
  kReputation,
  kDelivery,
  kAgent,
};
inline constexpr size_t kManners = static_cast<size_t>(Manner::kAgent) + 1;

// As in "when it ...".
std::string_view MannerWords(Manner manner);
// The name in JSON.
std::string_view MannerName(Manner manner);
// The family that runs of this plane show it by.
Family FamilyIn(Manner manner, Plane plane);

// Two sets of runs are equal if their marks are, but for a chance of one in 10^9 in the largest
// fleets. Zero: the empty set. Disjoint sets add up.
using Mark = uint64_t;

struct Reach {
  Mark whole = 0;                      // the runs in which a fault of it can show
  std::array<Mark, kManners> shown{};  // those in which it usually shows, by how
  std::array<float, kPlanes> per_minute{};
  uint32_t agents = 0, networks = 0, regions = 0;
  AgentId agent = 0;  // one of those that cross it
};

// What crosses a lane, as marks: adds what one lane means for a component of this kind. `number`
// names the lane and the stretch and is used once.
void AddMarks(Kind kind, Plane plane, uint64_t number, Reach& reach);

// By component.
std::vector<Reach> ReachOf(const Coverage& coverage);

// What a page needs of a fleet, as the correlator has it.
struct Diversity {
  uint32_t agents = 0, regions = 0, networks = 0;
  bool IsSingleVantage() const { return regions < 2 && networks < 2; }
};
Diversity DiversityOf(const Coverage& coverage);

// Whether enough vantages see it for a fault of it to page at all.
bool MayPage(Kind kind, const Reach& reach, const Diversity& fleet);

}  // namespace postwatch::collector
