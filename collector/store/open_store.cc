#include "collector/store/open_store.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "collector/store/sqlite_store.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

struct StoreKind {
  std::string_view name;
  absl::StatusOr<std::unique_ptr<Store>> (*open)(const std::string& location);
};

// Every kind of store there is.
constexpr StoreKind kStoreKinds[] = {
    {"sqlite", OpenSqliteStore},
};

std::string KindNames() {
  std::vector<std::string> names;
  for (const StoreKind& kind : kStoreKinds) names.push_back(Concat(kind.name, ":"));
  return Join(names, ", ");
}

// Null when there is no such kind, or no location behind it.
const StoreKind* FindKind(std::string_view where) {
  const size_t colon = where.find(':');
  if (colon == where.npos || colon + 1 == where.size()) return nullptr;
  const auto kind = std::ranges::find(kStoreKinds, where.substr(0, colon), &StoreKind::name);
  return kind == std::end(kStoreKinds) ? nullptr : kind;
}

}  // namespace

absl::Status CheckStoreName(std::string_view where) {
  if (FindKind(where) != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Concat("write ", KindNames(),
             " followed by where it is, e.g. sqlite:/var/lib/postwatch/collector.db"));
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view where) {
  const absl::Status known = CheckStoreName(where);
  if (!known.ok()) {
    return absl::InvalidArgumentError(
        Concat("open store \"", where, "\": ", FromAbsl(known.message())));
  }
  absl::StatusOr<std::unique_ptr<Store>> store =
      FindKind(where)->open(std::string(where.substr(where.find(':') + 1)));
  if (!store.ok()) return ExplainStoreFailure(where, store.status());
  return store;
}

absl::Status ExplainStoreFailure(std::string_view where, const absl::Status& failure) {
  if (!absl::IsDataLoss(failure)) return failure;
  const std::string_view file = where.substr(where.find(':') + 1);
  return absl::DataLossError(Concat(
      "store ", where, " is corrupt: ", FromAbsl(failure.message()),
      "; it was left as it is. Restore ", file, " from a backup; or move it away together with ",
      file, "-wal and ", file,
      "-shm to begin with an empty one, which knows no past observations, no open incidents and "
      "not what people have been told"));
}

}  // namespace postwatch::collector
