// MessageStream: one open call to the collector, as the link sees it; gRPC is behind it.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::agent {

// What happens on a stream. All calls come on the event loop, none after OnClosed and none from
// within a call to the stream.
class MessageStreamEvents {
 public:
  virtual ~MessageStreamEvents() = default;
  virtual void OnMessage(const v1::CollectorMessage& message) = 0;
  // The last Write is on its way; the next may be made.
  virtual void OnWritten() = 0;
  // The call is over. Absl's codes are gRPC's.
  virtual void OnClosed(const absl::Status& status) = 0;
};

// Lives on the event loop. Destroying it drops the call and silences its events.
class MessageStream {
 public:
  virtual ~MessageStream() = default;
  // One at a time: not again before OnWritten.
  virtual void Write(v1::AgentMessage message) = 0;
  // Says goodbye after the write in flight; OnClosed follows.
  virtual void Finish() = 0;
};

// Opens a call at once, without waiting for the connection: a failure comes as OnClosed. The events
// must outlive the stream.
using OpenMessageStream =
    std::function<std::unique_ptr<MessageStream>(MessageStreamEvents& events)>;

}  // namespace postwatch::agent
