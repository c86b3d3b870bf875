// OpenStore: from the configuration's word for a store to the store.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/lease.h"
#include "collector/store/sqlite_backup.h"
#include "collector/store/store.h"
#include "common/base/clock.h"
#include "common/base/secret.h"

namespace postwatch::collector {

// What it takes to get in, beside the name.
struct StoreAccess {
  SecretReference password;  // read at each connect; neither set: none
};

// InvalidArgument when OpenStore does not know the kind, is not told where, or finds a password in
// the name, which is logged and shown; opens nothing.
absl::Status CheckStoreName(std::string_view where);

// `where` is "KIND:LOCATION", for example "sqlite:/var/lib/postwatch/collector.db",
// "sqlite::memory:" or "postgresql://postwatch@db.example/postwatch". For the only process on a
// store, as in tests; the collector uses OpenSharedStore. InvalidArgument names the kinds there
// are; FailedPrecondition the process that has this one open; DataLoss is explained as below.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view where,
                                                 const StoreAccess& access = {});

// A store that other collectors may have open too, and the lease that says which of them may write:
// until it is acquired, writes are Aborted. One of SQLite has one collector, which holds it.
struct SharedStore {
  std::unique_ptr<Store> store;
  std::unique_ptr<Lease> lease;  // from another thread than the store's, if you like
};
// As OpenStore. `clock` must outlive the lease.
absl::StatusOr<SharedStore> OpenSharedStore(std::string_view where, const StoreAccess& access,
                                            const LeaseOptions& options, const Clock& clock);

// A copy of the store into the new file `file`, and back: see BackUpSqlite and RestoreSqlite. Of a
// store that other programs copy: Unimplemented, with the command to give.
absl::Status BackUpStore(std::string_view where, const std::string& file, const Tell& tell);
absl::Status RestoreStore(std::string_view where, const std::string& file,
                          const RestoreOptions& options, const Tell& tell);

// The failure of a store, with what an operator can do when it is corrupt (DataLoss): that is never
// mended by throwing it away behind his back. Other failures stay as they are.
absl::Status ExplainStoreFailure(std::string_view where, const absl::Status& failure);

}  // namespace postwatch::collector
