// Collector: the composition root: one event loop, and around it store, ingest, sinks and web.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/config.h"

namespace postwatch::collector {

struct CollectorOptions {
  std::string config_path;  // read again on reload
  std::string version;
  // Called on the event loop about twice a second, with what it does, or why GET /-/ready says no:
  // words for people. May be empty.
  std::function<void(std::string_view state)> on_tick;
};

class Collector {
 public:
  virtual ~Collector() = default;

  // Serves until Stop or SIGTERM/SIGINT; SIGHUP reloads. Returns after draining. Aborted when
  // another collector has taken over its store. Call once.
  virtual absl::Status Run() = 0;

  // From any thread.
  virtual void Stop() = 0;

  // "ip:port" after Make.
  virtual std::string http_address() const = 0;
  virtual int grpc_port() const = 0;
};

// Opens the store, stands by while another collector acts on it (AwaitTenure, and its errors),
// listens, and only then thinks through what a crash may have left unsaid. A configuration that
// changed while standing by is read again.
absl::StatusOr<std::unique_ptr<Collector>> MakeCollector(CollectorConfig config,
                                                         CollectorOptions options);

}  // namespace postwatch::collector
