// HealthService: grpc.health.v1 (health.proto): whether the collector is ready, for peers with a
// certificate.
#pragma once

#include <functional>
#include <memory>

#include "collector/ingest/peer_gate.h"
#include "common/base/clock.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace postwatch::collector {

class HealthService {
 public:
  virtual ~HealthService() = default;  // Drain

  // To be registered with the server, which it outlives.
  virtual grpc::Service& service() = 0;

  // From now on nothing serves: those who watch are told so and sent away. Again: no effect.
  virtual void Drain() = 0;
};

// Everybody whom `gate` lets in may ask; 64 may watch at a time, and learn of a change within a
// second. `ready` is called on any thread, until Drain. `gate` and `clock` outlive the server.
std::unique_ptr<HealthService> MakeHealthService(std::function<bool()> ready, const PeerGate& gate,
                                                 const Clock& clock);

}  // namespace postwatch::collector
