#include "collector/ingest/message_bytes.h"

#include <grpcpp/impl/codegen/proto_utils.h>

namespace postwatch::collector {

bool ReadMessage(grpc::ByteBuffer& bytes, v1::ReceivedMessage& message) {
  return grpc::SerializationTraits<v1::ReceivedMessage>::Deserialize(&bytes, &message).ok();
}

bool WriteMessage(const v1::CollectorMessage& message, grpc::ByteBuffer& bytes) {
  bytes.Clear();
  bool own = false;
  return grpc::SerializationTraits<v1::CollectorMessage>::Serialize(message, &bytes, &own).ok();
}

}  // namespace postwatch::collector
