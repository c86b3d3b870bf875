#include "collector/alert/outbox.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr BackoffOptions kRetry = {.first = absl::Seconds(2), .cap = absl::Minutes(5)};
constexpr absl::Duration kGiveUpAfter = absl::Hours(24);
// How often to ask again whether to send.
constexpr std::chrono::milliseconds kMayAgain(250);
// An unexpected flood of alerts must not fill the memory; the rows stay in the store.
constexpr size_t kMaxWaiting = 10000;

}  // namespace

SinkWorker::SinkWorker(std::string name, std::unique_ptr<AlertSink> sink, const Clock& clock,
                       RecordOutcome record, MaySend may_send)
    : name_(std::move(name)),
      sink_(std::move(sink)),
      clock_(clock),
      record_(std::move(record)),
      may_send_(std::move(may_send)),
      last_refresh_(clock.Steady()) {
  counters_.sink = name_;
  thread_ = std::thread([this] { Run(); });
}

SinkWorker::~SinkWorker() {
  Stop();
  Join();
}

void SinkWorker::Join() {
  if (thread_.joinable()) thread_.join();
}

void SinkWorker::Stop() {
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void SinkWorker::Enqueue(Delivery delivery) {
  {
    const std::lock_guard lock(mu_);
    if (queue_.size() >= kMaxWaiting) {
      Log(LogLevel::kError, "alert queue of a sink is full; this one waits for the next restart",
          {{"sink", name_}, {"delivery", delivery.id}});
      return;
    }
    const absl::Time due = delivery.due;
    queue_.push_back({std::move(delivery), Backoff(kRetry), due});
  }
  changed_.notify_all();
}

void SinkWorker::Resume(const std::vector<Alert>& last_alerts) {
  const std::lock_guard lock(mu_);
  sink_->Resume(last_alerts);
}

SinkCounters SinkWorker::Counters() const {
  const std::lock_guard lock(mu_);
  SinkCounters counters = counters_;
  counters.waiting = queue_.size();
  return counters;
}

std::optional<SinkWorker::Waiting> SinkWorker::Next(std::unique_lock<std::mutex>& lock) {
  const absl::Time now = clock_.Now();
  // In order of decision within an incident: "resolved" must not overtake an "opened" that is
  // retried.
  std::set<std::string> blocked;
  for (auto it = queue_.begin(); it != queue_.end(); ++it) {
    const std::string& incident = it->delivery.alert.incident.id;
    if (blocked.contains(incident)) continue;
    if (it->due > now) {
      blocked.insert(incident);
      continue;
    }
    Waiting waiting = std::move(*it);
    queue_.erase(it);
    return waiting;
  }
  absl::Duration wait = absl::Seconds(30);
  for (const Waiting& waiting : queue_) wait = std::min(wait, waiting.due - now);
  changed_.wait_for(lock, absl::ToChronoMilliseconds(std::max(wait, absl::Milliseconds(1))));
  return std::nullopt;
}

void SinkWorker::Run() {
  std::unique_lock lock(mu_);
  while (!stopping_) {
    std::optional<Waiting> waiting = Next(lock);
    if (stopping_) return;
    if (!may_send_()) {
      if (waiting) queue_.push_front(std::move(*waiting));
      changed_.wait_for(lock, kMayAgain);
      continue;
    }
    lock.unlock();
    if (waiting) Try(std::move(*waiting));
    RefreshIfDue();
    lock.lock();
  }
}

void SinkWorker::Try(Waiting waiting) {
  const absl::Status status = sink_->Send(waiting.delivery);
  const absl::Time now = clock_.Now();
  const bool hopeless = absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
                        now - waiting.delivery.alert.decided > kGiveUpAfter;
  const absl::Time retry_at = now + waiting.backoff.Next(RandomUnit());
  const std::string error = status.ok() ? "" : std::string(FromAbsl(status.message()));
  DeliveryOutcome outcome{.delivery_id = waiting.delivery.id,
                          .settled = status.ok() || hopeless,
                          .at = now,
                          .retry_at = retry_at,
                          .error = error};
  if (!status.ok()) {
    Log(hopeless ? LogLevel::kError : LogLevel::kWarn,
        hopeless ? "alert could not be delivered and is given up"
                 : "alert could not be delivered; trying again",
        {{"sink", name_}, {"delivery", waiting.delivery.id}, {"error", error}});
  }
  {
    const std::lock_guard lock(mu_);
    if (status.ok()) {
      ++counters_.delivered;
    } else if (hopeless) {
      ++counters_.given_up;
    } else {
      ++counters_.failed_tries;
      waiting.due = retry_at;
      ++waiting.delivery.attempts;
      queue_.push_front(std::move(waiting));
    }
  }
  record_(std::move(outcome));
}

void SinkWorker::RefreshIfDue() {
  const absl::Duration every = sink_->RefreshEvery();
  if (every == absl::ZeroDuration() || clock_.Steady() - last_refresh_ < every) return;
  last_refresh_ = clock_.Steady();
  const absl::Status status = sink_->Refresh();
  if (!status.ok()) {
    Log(LogLevel::kWarn, "repeating the open alerts failed",
        {{"sink", name_}, {"error", std::string(FromAbsl(status.message()))}});
  }
}

Outbox::~Outbox() { Stop(); }

void Outbox::Stop() {
  for (const auto& worker : workers_) worker->Stop();
  for (const auto& worker : workers_) worker->Join();
}

void Outbox::AddSink(std::string name, std::unique_ptr<AlertSink> sink) {
  workers_.push_back(
      std::make_unique<SinkWorker>(std::move(name), std::move(sink), clock_, record_, may_send_));
}

std::vector<std::string> Outbox::SinkNames() const {
  std::vector<std::string> names;
  names.reserve(workers_.size());
  for (const auto& worker : workers_) names.push_back(worker->name());
  return names;
}

void Outbox::Resume(const std::vector<Delivery>& pending, const std::vector<Alert>& last_alerts) {
  for (const auto& worker : workers_) worker->Resume(last_alerts);
  Enqueue(pending);
}

void Outbox::Enqueue(const std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) {
    const auto it = std::ranges::find(workers_, delivery.sink, &SinkWorker::name);
    if (it != workers_.end()) {
      (*it)->Enqueue(delivery);
      continue;
    }
    record_({.delivery_id = delivery.id,
             .settled = true,
             .at = clock_.Now(),
             .retry_at = absl::InfiniteFuture(),
             .error = Concat("no sink '", delivery.sink, "' is configured any more")});
  }
}

std::vector<SinkCounters> Outbox::Counters() const {
  std::vector<SinkCounters> counters;
  counters.reserve(workers_.size());
  for (const auto& worker : workers_) counters.push_back(worker->Counters());
  return counters;
}

}  // namespace postwatch::collector
