// Spool: observations on the agent's disk until the collector has them in its store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/observation.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::agent {

struct SpoolOptions {
  int64_t max_bytes = 256 << 20;             // of observations; the file is somewhat larger
  int64_t max_held_bytes = 4 << 20;          // in memory, while the file cannot be written
  absl::Duration max_age = absl::Hours(72);  // by the wall clock
  // Changes with each start of the machine, not of the process; see Open.
  std::string machine_boot_id;
};

// Durable across `kill -9` and crashes of the agent: every Append is one committed transaction of a
// write-ahead log. It is not synced to the platter (SQLite's synchronous=NORMAL), so the last
// appends before a loss of power may be gone; that costs observations nobody was promised, and one
// fsync less per run. Sequence numbers could go back then, so a new machine boot gives the spool a
// new id, under which nothing is acknowledged yet.
//
// While the file cannot be written (disk full), what is appended is held in memory and read from
// there like the rest; Expire tries the disk again. What is held when the process ends is lost, and
// what was sent and could not be deleted may be sent again under another id.
//
// Over its bounds it drops the oldest, and counts them. It logs when the disk fails and when it
// works again, and losses once a minute. Not thread-safe: it belongs to the event
// loop; every call is one small synchronous piece of disk work.
class Spool {
 public:
  // Opens or makes the file. A corrupt one is set aside as PATH.corrupt and a new one is begun;
  // that is logged, not an error. Other failures are (cannot be made, made by a newer version).
  static absl::StatusOr<std::unique_ptr<Spool>> Open(const std::string& path, SpoolOptions options,
                                                     const Clock& clock);
  virtual ~Spool() = default;

  // All or nothing; returns the sequence number of the last. An observation out of the wire's
  // bounds is InvalidArgument: the collector would refuse it for ever. No other errors.
  virtual absl::StatusOr<uint64_t> Append(const std::vector<Observation>& observations) = 0;

  // Up to `max` observations from this sequence number on, without gaps and at most about 1 MiB;
  // none when there are none. Where numbers are missing (dropped), it starts after the gap.
  virtual absl::StatusOr<v1::ObservationBatch> Read(uint64_t from, size_t max) = 0;

  // Everything up to and including `sequence` is stored elsewhere.
  virtual absl::Status Forget(uint64_t sequence) = 0;

  // The collector refuses this one for good: dropped, and counted.
  virtual absl::Status Refuse(uint64_t sequence) = 0;

  // Drops what is over age; Append does so too. Writes what is held in memory, if it can.
  virtual absl::Status Expire() = 0;

  // Gives the spool a new id: the collector claims to have what was never sent.
  virtual absl::Status RenewId() = 0;

  virtual const std::string& id() const = 0;   // 32 hex digits; changes when made anew
  virtual uint64_t last_sequence() const = 0;  // of the newest ever appended; 0 before
  virtual uint64_t count() const = 0;          // observations waiting
  virtual uint64_t bytes() const = 0;          // of observations waiting
  virtual uint64_t dropped() const = 0;        // since the file was made, never sent
  virtual absl::Time oldest() const = 0;       // InfiniteFuture when empty

  // OK, or why the file cannot be written.
  virtual const absl::Status& disk() const = 0;
  virtual uint64_t held() const = 0;  // of those waiting: in memory only
  virtual uint64_t lost() const = 0;  // by this process, for want of a disk; part of dropped()
};

}  // namespace postwatch::agent
