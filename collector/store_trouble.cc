#include "collector/store_trouble.h"

#include "collector/store/open_store.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {

void StoreTrouble::Failed(std::string_view what, const absl::Status& status) {
  ++errors_;
  failing_ = true;
  Log(LogLevel::kError, Concat(what, " failed"),
      {{"store", store_},
       {"error", std::string(FromAbsl(ExplainStoreFailure(store_, status).message()))}});
}

absl::Status StoreTrouble::status() const {
  if (!failing_) return absl::OkStatus();
  return absl::UnavailableError(
      Concat("the store ", store_, " cannot be written; the log tells why"));
}

}  // namespace postwatch::collector
