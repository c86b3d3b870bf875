// UplinkTls: what the configuration says about certificates, for the port that agents come to.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "collector/config.h"
#include "collector/ingest/ingest.h"
#include "collector/store/store.h"

namespace postwatch::collector {

// `on_store` runs work on the store's thread (StoreThread::Run); it outlives the server.
IngestTls UplinkTls(const CollectorConfig& config,
                    std::function<absl::Status(std::function<void(Store&)>)> on_store);

}  // namespace postwatch::collector
