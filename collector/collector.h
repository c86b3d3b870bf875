// Collector: the composition root: one event loop, and around it store, ingest, sinks and web.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/config.h"

namespace postwatch::collector {

struct CollectorOptions {
  std::string config_path;  // read again on reload
  std::string version;
  // Called on the event loop after each tick of the engine, with what GET /-/ready says. May be
  // empty.
  std::function<void(const absl::Status& ready)> on_tick;
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

// Opens the store, which no other process may have open, listens, and only then thinks through what
// a crash may have left unsaid.
absl::StatusOr<std::unique_ptr<Collector>> MakeCollector(CollectorConfig config,
                                                         CollectorOptions options);

}  // namespace postwatch::collector
