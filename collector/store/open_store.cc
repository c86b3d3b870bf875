#include "collector/store/open_store.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "collector/store/postgres_backup.h"
#include "collector/store/postgres_lease.h"
#include "collector/store/postgres_store.h"
#include "collector/store/sole_lease.h"
#include "collector/store/sqlite_store.h"
#include "common/base/text.h"
#include "common/postgres/postgres_uri.h"

namespace postwatch::collector {
namespace {

struct Place {
  std::string_view where;     // KIND:LOCATION
  std::string_view location;  // never empty
  StoreAccess access;
};

absl::Status AnyPath(std::string_view) { return absl::OkStatus(); }

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const Place& place) {
  return OpenSqliteStore(std::string(place.location));
}

absl::StatusOr<SharedStore> ShareSqlite(const Place& place, const LeaseOptions& options,
                                        const Clock&) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenSqlite(place);
  if (!store.ok()) return store.status();
  return SharedStore{*std::move(store), MakeSoleLease(options.holder)};
}

PostgresOptions PostgresAt(const Place& place) {
  return {.uri = std::string(place.where), .password = place.access.password};
}

absl::StatusOr<std::unique_ptr<Store>> OpenPostgres(const Place& place) {
  return OpenPostgresStore(PostgresAt(place), nullptr);
}

absl::StatusOr<SharedStore> SharePostgres(const Place& place, const LeaseOptions& options,
                                          const Clock& clock) {
  auto fence = std::make_shared<Fence>();
  absl::StatusOr<std::unique_ptr<Store>> store = OpenPostgresStore(PostgresAt(place), fence);
  if (!store.ok()) return store.status();
  return SharedStore{*std::move(store),
                     MakePostgresLease(PostgresAt(place), options, clock, fence)};
}

absl::Status CopySqlite(const Place& place, const std::string& file, const Tell& tell) {
  return BackUpSqlite(std::string(place.location), file, tell);
}

absl::Status PutBackSqlite(const Place& place, const std::string& file,
                           const RestoreOptions& options, const Tell& tell) {
  return RestoreSqlite(std::string(place.location), file, options, tell);
}

absl::Status CopyPostgres(const Place& place, const std::string& file, const Tell&) {
  return BackUpPostgres(place.where, file);
}

absl::Status PutBackPostgres(const Place& place, const std::string& file, const RestoreOptions&,
                             const Tell&) {
  return RestorePostgres(place.where, file);
}

struct StoreKind {
  std::string_view name;
  std::string_view example;
  absl::Status (*check)(std::string_view where);
  absl::StatusOr<std::unique_ptr<Store>> (*open)(const Place& place);
  absl::StatusOr<SharedStore> (*share)(const Place& place, const LeaseOptions& options,
                                       const Clock& clock);
  absl::Status (*back_up)(const Place& place, const std::string& file, const Tell& tell);
  absl::Status (*restore)(const Place& place, const std::string& file,
                          const RestoreOptions& options, const Tell& tell);
  std::string_view if_corrupt;  // what to do; # stands for the location
};

// Every kind of store there is.
constexpr StoreKind kStoreKinds[] = {
    {"sqlite", "sqlite:/var/lib/postwatch/collector.db", AnyPath, OpenSqlite, ShareSqlite,
     CopySqlite, PutBackSqlite,
     "Restore # from a backup; or move it away together with #-wal and #-shm to begin with an "
     "empty one"},
    {"postgresql", "postgresql://postwatch@db.example/postwatch?sslmode=verify-full",
     CheckPostgresUri, OpenPostgres, SharePostgres, CopyPostgres, PutBackPostgres,
     "Restore the database from a backup; or name another one to begin with an empty one"},
};

// Null when there is no such kind, or no location behind it.
const StoreKind* FindKind(std::string_view where) {
  const size_t colon = where.find(':');
  if (colon == where.npos || colon + 1 == where.size()) return nullptr;
  const auto kind = std::ranges::find(kStoreKinds, where.substr(0, colon), &StoreKind::name);
  return kind == std::end(kStoreKinds) ? nullptr : kind;
}

std::string_view Location(std::string_view where) { return where.substr(where.find(':') + 1); }

// The kind of a store that can be opened; the error does not show what may hold a password.
absl::StatusOr<const StoreKind*> KnownKind(std::string_view where) {
  const absl::Status known = CheckStoreName(where);
  const StoreKind* kind = FindKind(where);
  if (known.ok()) return kind;
  return absl::InvalidArgumentError(Concat("open store", kind == nullptr ? "" : " ",
                                           kind == nullptr ? "" : kind->name, ": ",
                                           FromAbsl(known.message())));
}

}  // namespace

absl::Status CheckStoreName(std::string_view where) {
  if (const StoreKind* kind = FindKind(where)) return kind->check(where);
  std::vector<std::string> names;
  std::vector<std::string_view> examples;
  for (const StoreKind& kind : kStoreKinds) {
    names.push_back(Concat(kind.name, ":"));
    examples.push_back(kind.example);
  }
  return absl::InvalidArgumentError(Concat(
      "write ", Join(names, " or "), " followed by where it is, e.g. ", Join(examples, " or ")));
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view where,
                                                 const StoreAccess& access) {
  const absl::StatusOr<const StoreKind*> kind = KnownKind(where);
  if (!kind.ok()) return kind.status();
  absl::StatusOr<std::unique_ptr<Store>> store = (*kind)->open({where, Location(where), access});
  if (!store.ok()) return ExplainStoreFailure(where, store.status());
  return store;
}

absl::StatusOr<SharedStore> OpenSharedStore(std::string_view where, const StoreAccess& access,
                                            const LeaseOptions& options, const Clock& clock) {
  const absl::StatusOr<const StoreKind*> kind = KnownKind(where);
  if (!kind.ok()) return kind.status();
  absl::StatusOr<SharedStore> shared =
      (*kind)->share({where, Location(where), access}, options, clock);
  if (!shared.ok()) return ExplainStoreFailure(where, shared.status());
  return shared;
}

absl::Status BackUpStore(std::string_view where, const std::string& file, const Tell& tell) {
  const absl::StatusOr<const StoreKind*> kind = KnownKind(where);
  if (!kind.ok()) return kind.status();
  return (*kind)->back_up({where, Location(where), {}}, file, tell);
}

absl::Status RestoreStore(std::string_view where, const std::string& file,
                          const RestoreOptions& options, const Tell& tell) {
  const absl::StatusOr<const StoreKind*> kind = KnownKind(where);
  if (!kind.ok()) return kind.status();
  return (*kind)->restore({where, Location(where), {}}, file, options, tell);
}

absl::Status ExplainStoreFailure(std::string_view where, const absl::Status& failure) {
  const StoreKind* kind = FindKind(where);
  if (!absl::IsDataLoss(failure) || kind == nullptr) return failure;
  std::string todo;
  for (const char c : kind->if_corrupt) {
    if (c == '#') {
      todo += Location(where);
    } else {
      todo += c;
    }
  }
  return absl::DataLossError(Concat(
      "store ", where, " is corrupt: ", FromAbsl(failure.message()), "; it was left as it is. ",
      todo,
      ", which knows no past observations, no open incidents and not what people have been told"));
}

}  // namespace postwatch::collector
