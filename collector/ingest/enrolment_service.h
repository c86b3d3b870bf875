// EnrolmentService: Enrollment (enrollment.proto) over gRPC.
#pragma once

#include <memory>

#include "collector/ingest/enrolment.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace postwatch::collector {

// Lets callers without a certificate join, and agents that `gate` lets in renew. `gate` and `clock`
// outlive the server.
std::unique_ptr<grpc::Service> MakeEnrolmentService(std::shared_ptr<Enrolment> enrolment,
                                                    const PeerGate& gate, const Clock& clock);

}  // namespace postwatch::collector
