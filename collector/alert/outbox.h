// Outbox: sends what was decided; each sink on a thread of its own, so that one that hangs delays
// no other.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/alert/alert_sink.h"
#include "collector/model/alert.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"

namespace postwatch::collector {

// The outcome of one try, for the durable row behind it (Store::RecordDelivery).
struct DeliveryOutcome {
  std::string delivery_id;
  bool settled = false;  // delivered, or given up: not to be tried again
  absl::Time at;
  absl::Time retry_at;
  std::string error;  // empty when delivered
};

// Called on a sink's thread. The row must have been committed before the delivery is enqueued, so
// that an alert survives a crash between decision and delivery; after a crash a delivery may be
// sent twice, with the same delivery id.
using RecordOutcome = std::function<void(DeliveryOutcome)>;

// Asked on a sink's thread right before anything is sent. While it says no, nothing is: the rows
// may be another collector's to send.
using MaySend = std::function<bool()>;

// Counters for /metrics.
struct SinkCounters {
  std::string sink;
  uint64_t delivered = 0;
  uint64_t failed_tries = 0;
  uint64_t given_up = 0;
  uint64_t waiting = 0;
};

// One sink's thread and queue.
class SinkWorker {
 public:
  SinkWorker(std::string name, std::unique_ptr<AlertSink> sink, const Clock& clock,
             RecordOutcome record, MaySend may_send);
  ~SinkWorker();  // stops after the try in progress

  const std::string& name() const { return name_; }
  // In order of decision. Also makes the thread look at the clock again.
  void Enqueue(Delivery delivery);
  // Before the first Enqueue.
  void Resume(const std::vector<Alert>& last_alerts);
  // Begins no further try; does not wait for the one in progress.
  void Stop();
  // After Stop: waits for the one in progress, and for its outcome to be recorded.
  void Join();
  SinkCounters Counters() const;

 private:
  struct Waiting {
    Delivery delivery;
    Backoff backoff;
    absl::Time due;
  };

  void Run();
  // Takes the next due delivery, waiting for it; nothing when it is time to refresh or to stop.
  std::optional<Waiting> Next(std::unique_lock<std::mutex>& lock);
  void Try(Waiting waiting);
  void RefreshIfDue();

  const std::string name_;
  const std::unique_ptr<AlertSink> sink_;
  const Clock& clock_;
  const RecordOutcome record_;
  const MaySend may_send_;

  mutable std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  std::deque<Waiting> queue_;
  SinkCounters counters_;
  bool stopping_ = false;

  absl::Duration last_refresh_;  // steady; of the thread alone
  std::thread thread_;           // last: starts when all else is there
};

// All sinks of the configuration.
class Outbox {
 public:
  Outbox(
      const Clock& clock, RecordOutcome record, MaySend may_send = [] { return true; })
      : clock_(clock), record_(std::move(record)), may_send_(std::move(may_send)) {}
  ~Outbox();  // Stop

  void AddSink(std::string name, std::unique_ptr<AlertSink> sink);
  std::vector<std::string> SinkNames() const;

  // After a restart: what was decided and not delivered, and what is still open.
  void Resume(const std::vector<Delivery>& pending, const std::vector<Alert>& last_alerts);

  // Deliveries whose rows are committed. One for a sink that is not configured any more is settled
  // as given up.
  void Enqueue(const std::vector<Delivery>& deliveries);

  std::vector<SinkCounters> Counters() const;

  // All sinks stop at the same time; waits for the tries in progress. What is enqueued afterwards
  // stays in the store.
  void Stop();

 private:
  const Clock& clock_;
  const RecordOutcome record_;
  const MaySend may_send_;
  std::vector<std::unique_ptr<SinkWorker>> workers_;
};

}  // namespace postwatch::collector
