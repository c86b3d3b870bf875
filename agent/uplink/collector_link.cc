#include "agent/uplink/collector_link.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <utility>

#include "agent/uplink/link_log.h"
#include "agent/uplink/link_messages.h"
#include "common/base/backoff.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

constexpr size_t kBatchObservations = 64;
constexpr size_t kMaxUnacknowledgedBatches = 4;
constexpr int kMaxChecks = 50'000;
constexpr size_t kMaxFleetKeyBytes = 1024;
constexpr absl::Duration kHeartbeatInterval = absl::Seconds(5);
// Short, so that another collector that takes over is found within its first seconds.
constexpr absl::Duration kBackoffCap = absl::Seconds(5);
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr absl::Duration kWelcomeTimeout = absl::Seconds(20);
constexpr absl::Duration kAckTimeout = absl::Minutes(2);
constexpr absl::Duration kSettled = absl::Seconds(10);  // such a stream was no accident
constexpr absl::Duration kMaxDrainWait = absl::Minutes(1);
constexpr absl::Duration kDrainPoll = absl::Milliseconds(20);
constexpr absl::Duration kGoodbye = absl::Seconds(1);

}  // namespace

// Shared with the coroutines that wait, so that one that wakes late finds it and sees `stopped_`.
class CollectorLink::Core : public MessageStreamEvents,
                            public std::enable_shared_from_this<CollectorLink::Core> {
 public:
  Core(asio::any_io_executor executor, EventClock& clock, Spool& spool, OpenMessageStream open,
       LinkIdentity identity, LinkOwner& owner)
      : executor_(std::move(executor)),
        clock_(clock),
        spool_(spool),
        open_(std::move(open)),
        identity_(std::move(identity)),
        owner_(owner) {}

  void Start() {
    asio::co_spawn(executor_, Beat(shared_from_this()), asio::detached);
    Open();
  }

  void Stop() {
    stopped_ = true;
    Drop();
  }

  void Reconnect() {
    if (stopped_) return;
    Drop();
    Open();
  }

  // Writes the next thing that is due, if the stream can take it.
  void Pump() {
    if (!welcomed_ || writing_ || draining_) return;
    if (spool_.id() != spool_id_) return Restart("the spool was begun anew");
    if (heartbeat_due_) return WriteHeartbeat();
    if (in_flight_.size() < Window()) WriteBatch();
  }

  void OnMessage(const v1::CollectorMessage& message) override {
    switch (message.message_case()) {
      case v1::CollectorMessage::kWelcome:
        return OnWelcome(message.welcome());
      case v1::CollectorMessage::kAck:
        return OnAck(message.ack().sequence());
      case v1::CollectorMessage::kAssignment:
        if (message.assignment().checks_size() > kMaxChecks) {
          return BadMessage("an assignment of more than 50000 checks");
        }
        return owner_.OnAssignment(message.assignment());
      case v1::CollectorMessage::kRunNow:
        return OnRunNow(message.run_now());
      case v1::CollectorMessage::kDrain:
        return OnDrain(message.drain());
      case v1::CollectorMessage::kShare:
        return OnShare(message.share());
      case v1::CollectorMessage::kUnstored:
        return OnUnstored(message.unstored().sequence());
      case v1::CollectorMessage::MESSAGE_NOT_SET:  // of a newer version
        ++counters_.bad_messages;
        return;
    }
  }

  void OnWritten() override {
    writing_ = false;
    if (draining_) return FinishDrain();
    Pump();
  }

  void OnClosed(const absl::Status& status) override {
    ++counters_.disconnects;
    const bool settled = welcomed_ && clock_.Steady() - opened_ >= kSettled;
    if (settled) backoff_.Reset();
    if (welcomed_ && absl::IsInvalidArgument(status)) Isolate(status);
    absl::Duration wait = backoff_.Next(RandomUnit());
    if (AsksForPatience(status)) {
      wait = std::max(wait, kPatience * (1 + RandomUnit()));  // 5 to 10 s
    }
    if (draining_) wait = drain_wait_;
    if (!stopped_) log_.Closed(status, wait, spool_.count());
    Drop();
    OpenLater(wait);
  }

  bool welcomed() const { return welcomed_; }
  bool settled() const { return !welcomed_ || (spool_.count() == 0 && in_flight_.empty()); }
  bool open() const { return stream_ != nullptr; }
  const LinkCounters& counters() const { return counters_; }
  EventClock& clock() { return clock_; }

  void SayGoodbye() {
    stopped_ = true;
    if (stream_ != nullptr) stream_->Finish();
  }

 private:
  struct Batch {
    uint64_t last;
    absl::Duration sent;
  };

  static Task<void> Beat(std::shared_ptr<Core> core) {
    while (!core->stopped_) {
      const absl::Status slept = co_await core->clock_.SleepFor(kHeartbeatInterval);
      if (!slept.ok()) co_return;
      core->OnBeat();
    }
  }

  static Task<void> OpenAfter(std::shared_ptr<Core> core, absl::Duration wait, uint64_t epoch) {
    const absl::Status slept = co_await core->clock_.SleepFor(wait);
    if (slept.ok() && !core->stopped_ && core->epoch_ == epoch) core->Open();
  }

  void OnBeat() {
    if (stopped_) return;
    if (absl::Status status = spool_.Expire(); !status.ok()) LogSpool("expire", status);
    const absl::Duration now = clock_.Steady();
    if (stream_ == nullptr) return;
    if (!welcomed_ && now - opened_ > kWelcomeTimeout) {
      return Restart("no welcome from the collector in time");
    }
    if (!in_flight_.empty() && now - in_flight_.front().sent > kAckTimeout) {
      return Restart("no acknowledgement from the collector in time");
    }
    heartbeat_due_ = true;
    Pump();
  }

  void Open() {
    if (stopped_ || stream_ != nullptr) return;
    ++epoch_;
    spool_id_ = spool_.id();
    opened_ = clock_.Steady();
    stream_ = open_(*this);
    Send(MakeHello(identity_, spool_id_));
  }

  void OpenLater(absl::Duration wait) {
    if (stopped_) return;
    asio::co_spawn(executor_, OpenAfter(shared_from_this(), wait, epoch_), asio::detached);
  }

  // Back to the state before Open. Late events of the old stream do not reach us.
  void Drop() {
    ++epoch_;
    stream_.reset();
    welcomed_ = writing_ = draining_ = heartbeat_due_ = false;
    in_flight_.clear();
  }

  void Restart(std::string_view why) {
    ++counters_.disconnects;
    const absl::Duration wait = backoff_.Next(RandomUnit());
    Log(LogLevel::kWarn, "leaving the collector",
        {{"reason", std::string(why)}, {"again_in", absl::FormatDuration(wait)}});
    Drop();
    OpenLater(wait);
  }

  void BadMessage(std::string_view what) {
    ++counters_.bad_messages;
    Restart(Concat("the collector sent ", what));
  }

  void Send(v1::AgentMessage message) {
    writing_ = true;
    stream_->Write(std::move(message));
  }

  size_t Window() const { return suspect_through_ > 0 ? 1 : kMaxUnacknowledgedBatches; }

  void WriteBatch() {
    const size_t limit = suspect_through_ > 0 ? 1 : kBatchObservations;
    absl::StatusOr<v1::ObservationBatch> batch = spool_.Read(next_, limit);
    if (!batch.ok()) return LogSpool("read", batch.status());
    if (batch->observations_size() == 0) return;
    const uint64_t last =
        batch->first_sequence() + static_cast<uint64_t>(batch->observations_size()) - 1;
    in_flight_.push_back({last, clock_.Steady()});
    next_ = last + 1;
    known_ = std::max(known_, last);
    v1::AgentMessage message;
    *message.mutable_batch() = *std::move(batch);
    Send(std::move(message));
  }

  void WriteHeartbeat() {
    heartbeat_due_ = false;
    Send(MakeHeartbeat(owner_.TakeHealth(), spool_, clock_.Now()));
  }

  // A second Welcome on one stream says nothing new; it must not make us send twice.
  void OnWelcome(const v1::Welcome& welcome) {
    if (welcomed_) {
      ++counters_.bad_messages;
      return;
    }
    if (absl::Status fit = CheckWelcome(welcome); !fit.ok()) return OnClosed(fit);
    // Also when a process before us, on a full disk, sent what it could not write down: its
    // numbers must not be given to other observations.
    if (welcome.acknowledged() > known_) {
      if (absl::Status status = spool_.RenewId(); !status.ok()) LogSpool("renew", status);
      return BadMessage("an acknowledgement of observations that were never sent");
    }
    if (welcome.fleet_key().size() > kMaxFleetKeyBytes) return BadMessage("a key out of bounds");
    welcomed_ = true;
    log_.Welcomed();
    ++counters_.connects;
    Log(LogLevel::kInfo, "connected to the collector",
        {{"collector_version", welcome.collector_version()},
         {"acknowledged", Concat(welcome.acknowledged())},
         {"waiting", Concat(spool_.count())}});
    next_ = welcome.acknowledged() + 1;
    ForgetThrough(welcome.acknowledged());
    if (!welcome.fleet_key().empty()) owner_.OnFleetKey(Secret(welcome.fleet_key()));
    heartbeat_due_ = true;
    Pump();
  }

  void OnAck(uint64_t sequence) {
    if (!Answered(sequence)) return;
    ForgetThrough(sequence);
    backoff_.Reset();
    Pump();
  }

  // The spool keeps them for the next stream.
  void OnUnstored(uint64_t sequence) {
    if (Answered(sequence)) Pump();
  }

  // False when the stream is left for it.
  bool Answered(uint64_t sequence) {
    if (!welcomed_ || sequence >= next_) {
      BadMessage(welcomed_ ? "an acknowledgement of observations that were never sent"
                           : "an acknowledgement before its welcome");
      return false;
    }
    while (!in_flight_.empty() && in_flight_.front().last <= sequence) in_flight_.pop_front();
    return true;
  }

  void ForgetThrough(uint64_t sequence) {
    const uint64_t before = spool_.count();
    if (absl::Status status = spool_.Forget(sequence); !status.ok()) LogSpool("forget", status);
    if (spool_.count() < before) counters_.acknowledged += before - spool_.count();
    if (sequence >= suspect_through_) suspect_through_ = 0;
  }

  void OnRunNow(const v1::RunNow& request) {
    if (!IsInBounds(request)) return BadMessage("a run-now request out of bounds");
    owner_.OnRunNow(request);
  }

  void OnShare(const v1::FleetShare& share) {
    const std::optional<FleetShare> read = ReadShare(share);
    if (!read) return BadMessage("a share out of bounds");
    owner_.OnShare(*read);
  }

  void OnDrain(const v1::Drain& drain) {
    const absl::StatusOr<absl::Duration> wait = FromProto(drain.reconnect_after());
    drain_wait_ =
        std::clamp(wait.value_or(absl::ZeroDuration()), absl::Milliseconds(1), kMaxDrainWait);
    drain_wait_ *= 1 + RandomUnit() / 2;  // a fleet must not come back in one instant
    draining_ = true;
    Log(LogLevel::kInfo, "the collector is about to stop",
        {{"again_in", absl::FormatDuration(drain_wait_)}});
    if (!writing_) FinishDrain();
  }

  void FinishDrain() {
    const absl::Duration wait = drain_wait_;
    ++counters_.disconnects;
    Drop();
    OpenLater(wait);
  }

  // One of the observations in flight is refused. Which one shows when they go one by one.
  void Isolate(const absl::Status& status) {
    if (in_flight_.empty()) return;
    if (suspect_through_ == 0) {
      suspect_through_ = in_flight_.back().last;
      return;
    }
    const uint64_t bad = in_flight_.front().last;
    Log(LogLevel::kError, "the collector refuses an observation for good; it is dropped",
        {{"sequence", Concat(bad)}, {"error", status.ToString()}});
    ++counters_.refused;
    if (absl::Status refused = spool_.Refuse(bad); !refused.ok()) LogSpool("refuse", refused);
    if (bad >= suspect_through_) suspect_through_ = 0;
  }

  void LogSpool(std::string_view what, const absl::Status& status) {
    log_.SpoolFails(what, status, clock_.Steady());
  }

  const asio::any_io_executor executor_;
  EventClock& clock_;
  Spool& spool_;
  const OpenMessageStream open_;
  const LinkIdentity identity_;
  LinkOwner& owner_;

  std::unique_ptr<MessageStream> stream_;
  Backoff backoff_{{.first = absl::Milliseconds(500), .cap = kBackoffCap}};
  LinkCounters counters_;
  uint64_t epoch_ = 0;     // changes with each stream, so that an old wait opens nothing
  std::string spool_id_;   // as told in the Hello
  absl::Duration opened_;  // steady time
  uint64_t next_ = 1;      // the sequence number to send next
  // The highest number that may have been sent: of what was there before us, and of what we sent.
  uint64_t known_ = spool_.last_sequence();
  std::deque<Batch> in_flight_;   // sent, not acknowledged
  uint64_t suspect_through_ = 0;  // up to here one by one; 0 when nothing is suspect
  absl::Duration drain_wait_;
  LinkLog log_;
  bool stopped_ = false;
  bool welcomed_ = false;
  bool writing_ = false;
  bool draining_ = false;
  bool heartbeat_due_ = false;
};

CollectorLink::CollectorLink(asio::any_io_executor executor, EventClock& clock, Spool& spool,
                             OpenMessageStream open, LinkIdentity identity, LinkOwner& owner)
    : core_(std::make_shared<Core>(std::move(executor), clock, spool, std::move(open),
                                   std::move(identity), owner)) {}

CollectorLink::~CollectorLink() { core_->Stop(); }

void CollectorLink::Start() { core_->Start(); }

void CollectorLink::Wake() { core_->Pump(); }

void CollectorLink::Reconnect() { core_->Reconnect(); }

Task<void> CollectorLink::Drain(absl::Duration limit) {
  const std::shared_ptr<Core> core = core_;
  EventClock& clock = core->clock();
  const absl::Duration end = clock.Steady() + limit;
  while (!core->settled() && clock.Steady() < end) {
    const absl::Status slept = co_await clock.SleepFor(kDrainPoll);
    if (!slept.ok()) co_return;
  }
  core->SayGoodbye();
  const absl::Duration gone = clock.Steady() + kGoodbye;
  while (core->open() && clock.Steady() < gone) {
    const absl::Status slept = co_await clock.SleepFor(kDrainPoll);
    if (!slept.ok()) co_return;
  }
  core->Stop();
}

bool CollectorLink::connected() const { return core_->welcomed(); }

const LinkCounters& CollectorLink::counters() const { return core_->counters(); }

}  // namespace postwatch::agent
