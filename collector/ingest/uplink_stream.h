// UplinkStream: one agent's call, from its Hello to its end.
#pragma once

#include <memory>

#include "collector/ingest/uplink_hub.h"

namespace grpc {
class ByteBuffer;
class CallbackServerContext;
template <class Request, class Response>
class ServerBidiReactor;
}  // namespace grpc

namespace postwatch::collector {

// Takes a new call; its messages are AgentMessages and CollectorMessages (uplink.proto). The stream
// owns itself until gRPC is done with it. What it promises:
// - nothing is believed before the Hello agrees with the peer's certificate;
// - an acknowledgement is sent only after the store has committed;
// - one batch is with the store at a time, so that a failed one cannot be overtaken by a later one
//   whose acknowledgement would cover it; what comes meanwhile is read up to a bound and then
//   stored together; behind one that was not stored for want of room none is;
// - one write at a time; acknowledgements that wait are merged into the newest.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* OpenUplinkStream(
    std::shared_ptr<UplinkHub> hub, grpc::CallbackServerContext& context);

}  // namespace postwatch::collector
