// Words: what a group of look-alikes means for somebody who reads an alert.
#pragma once

#include <string>
#include <string_view>

#include "collector/topology/identifiability.h"

namespace postwatch::collector {

// "front end", "certificate".
std::string_view KindWords(Kind kind);
// "does not answer, refuses connections"
std::string WhenWords(Manners manners);
// Why they look alike: "only network as1 gets there".
std::string WhyAlike(const LookAlikes& group, const Coverage& coverage,
                     std::span<const Reach> reaches);
// What would tell them apart.
std::string TieBreaker(const LookAlikes& group, const Catalog& catalog);
// "An alert names site:s; it may as well be mx:m."
std::string Consequence(const LookAlikes& group, const Catalog& catalog);
// Why a fault of it can never page.
std::string WhyNeverPaging(ComponentId id, const Coverage& coverage,
                           std::span<const Reach> reaches);

}  // namespace postwatch::collector
