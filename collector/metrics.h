// Metrics: the collector's own state in Prometheus' text format; docs/metrics.md lists them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collector/alert/outbox.h"
#include "collector/engine.h"
#include "collector/ingest/ingest.h"
#include "collector/model/board.h"
#include "common/pki/certificate_life.h"

namespace postwatch::collector {

struct MetricsInput {
  std::string_view version;
  const Board& board;
  const EngineCounters& engine;
  const IngestCounters& ingest;
  const std::vector<SinkCounters>& sinks;
  uint64_t store_errors = 0;
  bool store_writable = true;
  uint64_t unstored = 0;  // observations thought through while the store was full
  bool ready = true;
  const absl::StatusOr<CertificateLife>& certificate;    // the collector's own
  const std::map<std::string, absl::Time>& authorities;  // when they end, by hash
  bool last_reload_ok = true;
  absl::Time last_reload;
  std::string_view revision;  // of the configuration; may be empty
};

std::string RenderMetrics(const MetricsInput& in);

// Of a collector that stands by.
std::string RenderStandbyMetrics(std::string_view version);

}  // namespace postwatch::collector
