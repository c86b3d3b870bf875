// Collector: the composition root: one event loop, and around it store, ingest, sinks and web.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/config.h"

namespace postwatch::collector {

struct CollectorOptions {
  std::string config_path;  // read again on reload
  std::string version;
};

class Collector {
 public:
  virtual ~Collector() = default;

  // Serves until Stop or SIGTERM/SIGINT; SIGHUP reloads. Returns after draining. Call once.
  virtual absl::Status Run() = 0;

  // From any thread.
  virtual void Stop() = 0;

  // "ip:port" after Make.
  virtual std::string http_address() const = 0;
  virtual int grpc_port() const = 0;
};

// Opens the store, thinks through what a crash may have left unsaid, and starts to listen.
absl::StatusOr<std::unique_ptr<Collector>> MakeCollector(CollectorConfig config,
                                                         CollectorOptions options);

// Reads and checks the file, its checks and its sinks. InvalidArgument lists every mistake as
// "file:line: key: what".
absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path);

}  // namespace postwatch::collector
