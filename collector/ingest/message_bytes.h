// MessageBytes: the uplink's messages from and into the buffers that gRPC carries.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "postwatch/v1/received.pb.h"

namespace postwatch::collector {

// Takes the bytes out of the buffer. False when they are no message; it is then in no certain
// state.
bool ReadMessage(grpc::ByteBuffer& bytes, v1::ReceivedMessage& message);

// Replaces what is in the buffer. False when the message is larger than protobuf allows.
bool WriteMessage(const v1::CollectorMessage& message, grpc::ByteBuffer& bytes);

}  // namespace postwatch::collector
