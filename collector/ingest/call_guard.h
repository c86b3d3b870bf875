// CallGuard: turns away callers without a good certificate before any service hears of them, so
// that no service can forget to.
#pragma once

#include <memory>

#include "collector/ingest/peer_gate.h"
#include "common/base/clock.h"

namespace grpc {
class AuthMetadataProcessor;
}  // namespace grpc

namespace postwatch::collector {

// For ServerCredentials::SetAuthMetadataProcessor. Whoever calls needs a certificate that `gate`
// lets in, also for calls that do not exist; two exceptions: anybody may call Enrollment.Join, and
// Uplink.Connect holds what it was shown against `gate` itself, and counts and logs what it
// refuses. `gate` and `clock` outlive the server.
std::shared_ptr<grpc::AuthMetadataProcessor> MakeCallGuard(const PeerGate& gate,
                                                           const Clock& clock);

}  // namespace postwatch::collector
