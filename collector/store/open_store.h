// OpenStore: from the configuration's word for a store to the store.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// InvalidArgument when OpenStore does not know the kind or is not told where; opens nothing.
absl::Status CheckStoreName(std::string_view where);

// `where` is "KIND:LOCATION", for example "sqlite:/var/lib/postwatch/collector.db" or
// "sqlite::memory:". InvalidArgument names the kinds there are; FailedPrecondition the process that
// has this one open; DataLoss is explained as below.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view where);

// The failure of a store, with what an operator can do when its file is corrupt (DataLoss): that is
// never mended by throwing it away behind his back. Other failures stay as they are.
absl::Status ExplainStoreFailure(std::string_view where, const absl::Status& failure);

}  // namespace postwatch::collector
