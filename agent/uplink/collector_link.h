// CollectorLink: keeps the one stream to the collector alive and moves the spool over it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/uplink/message_stream.h"
#include "agent/uplink/spool.h"
#include "common/base/secret.h"
#include "common/model/fleet_share.h"
#include "common/model/vantage.h"
#include "common/net/event_clock.h"
#include "common/net/task.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::agent {

// What the link tells the agent, and asks of it; on the event loop.
class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  // Not validated beyond its number of checks: the owner turns away single bad checks.
  virtual void OnAssignment(const v1::Assignment& assignment) = 0;
  virtual void OnRunNow(const v1::RunNow& request) = 0;
  virtual void OnShare(FleetShare share) = 0;
  // Came with the Welcome.
  virtual void OnFleetKey(Secret key) = 0;

  struct Health {
    absl::Duration loop_lag;  // worst since the last call
    uint64_t assignment_version = 0;
    std::vector<std::string> problems;
  };
  // For the next heartbeat.
  virtual Health TakeHealth() = 0;
};

struct LinkIdentity {
  Vantage vantage;
  std::string version;
  std::string boot_id;  // of this process
  std::vector<std::string> probe_kinds;
};

struct LinkCounters {
  uint64_t connects = 0;      // Welcomes so far
  uint64_t disconnects = 0;   // streams that ended, however they did
  uint64_t acknowledged = 0;  // observations
  uint64_t refused = 0;       // observations the collector refuses for good
  uint64_t bad_messages = 0;  // messages of the collector that make no sense
};

// Everything happens on the event loop of `executor`. Nothing is lost when the stream breaks: what
// was not acknowledged is sent again after the next Welcome. At most 4 batches are unacknowledged.
//
// A collector that refuses a batch (INVALID_ARGUMENT) gets its observations one by one until the
// bad one is found; that one is dropped and counted, so that it cannot block the spool for ever.
class CollectorLink {
 public:
  // `clock`, `spool` and `owner` outlive the event loop's last run.
  CollectorLink(boost::asio::any_io_executor executor, EventClock& clock, Spool& spool,
                OpenMessageStream open, LinkIdentity identity, LinkOwner& owner);
  ~CollectorLink();

  // Connects now, and from now on again and again, with jittered waits of up to 15 s.
  void Start();

  // New observations are in the spool.
  void Wake();

  // Drops the stream and connects anew at once, e.g. because certificates have changed.
  void Reconnect();

  // Waits until the collector has acknowledged the whole spool, at most `limit`; then says goodbye.
  // No new stream is opened afterwards. Without a connection it returns at once.
  Task<void> Drain(absl::Duration limit);

  // Whether the collector has welcomed us on the stream that is open.
  bool connected() const;
  const LinkCounters& counters() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace postwatch::agent
