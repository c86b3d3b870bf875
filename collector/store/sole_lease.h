// SoleLease: the lease of a store that only one process can open: always held.
#pragma once

#include <memory>
#include <string>

#include "collector/store/lease.h"

namespace postwatch::collector {

// Its epoch is 1 and it does not end.
std::unique_ptr<Lease> MakeSoleLease(std::string holder);

}  // namespace postwatch::collector
