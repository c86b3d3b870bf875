// Crossing: the components one run depended on, as far as it got.
#pragma once

#include <vector>

#include "collector/model/sighting.h"
#include "common/model/component.h"

namespace postwatch::collector {

// What the probe declared plus what follows from where the agent stands and what the check is for:
// its agent, network, path, resolver, service, provider, authentication, queue. For a failed run
// only those that were in use when it failed: a round trip that dies at the IMAP server does not
// accuse the submission server it got through. Each once, in no particular order.
std::vector<ComponentRef> CrossedBy(const Sighting& sighting);

// The name a check's provider goes by: the target where none is configured; empty for control
// checks.
std::string ProviderOf(const Sighting& sighting);

}  // namespace postwatch::collector
