// OpenStore: from the configuration's word for a store to the store.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// `where` is "KIND:LOCATION", for example "sqlite:/var/lib/postwatch/collector.db" or
// "sqlite::memory:". InvalidArgument names the kinds there are.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view where);

}  // namespace postwatch::collector
