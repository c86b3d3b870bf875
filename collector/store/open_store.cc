#include "collector/store/open_store.h"

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

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenStore(std::string_view where) {
  size_t colon = where.find(':');
  std::string_view name = where.substr(0, colon);
  std::string_view location = colon == where.npos ? "" : where.substr(colon + 1);
  for (const StoreKind& kind : kStoreKinds) {
    if (kind.name != name) continue;
    if (location.empty()) break;
    return kind.open(std::string(location));
  }
  return absl::InvalidArgumentError(Concat("open store \"", where, "\": write ", KindNames(),
                                           " followed by where it is, e.g. ",
                                           "sqlite:/var/lib/postwatch/collector.db"));
}

}  // namespace postwatch::collector
