#include "collector/ingest/uplink_stream.h"

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <optional>

#include "collector/ingest/agent_orders.h"
#include "collector/ingest/grpc_peer.h"
#include "collector/ingest/hello.h"
#include "collector/ingest/intake.h"
#include "collector/ingest/message_bytes.h"
#include "collector/ingest/owed.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxPendingBatches = 8;  // read and not yet with the store
constexpr size_t kMaxWaitingMessages = 32;

class UplinkStream : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                     public ConnectedAgent,
                     public std::enable_shared_from_this<UplinkStream> {
 public:
  explicit UplinkStream(std::shared_ptr<UplinkHub> hub)
      : hub_(std::move(hub)), rate_(hub_->options().rate_per_stream) {}

  void Open(const grpc::CallbackServerContext& context);

  // gRPC's side. The reads come one after the other; all of them before OnDone.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // The hub's side.
  void AssignmentChanged() override;
  void SetShare(FleetShare share) override;
  bool SendRunNow(const RunRequest& request) override;
  void SendDrain(absl::Duration reconnect_after) override;
  void Replace() override;
  void CheckCertificate() override;

 private:
  enum class Phase { kGreeting, kWelcoming, kRunning, kEnded };

  // Each answers why the stream must end, or OK.
  absl::Status OnMessage();
  absl::Status OnHello(const v1::Hello& hello);
  absl::Status OnBatch(v1::ReceivedBatch batch);
  void OnHeartbeat(const v1::Heartbeat& heartbeat);

  void OnWatermark(absl::StatusOr<uint64_t> watermark);
  void OnThrottleOver();
  void OnHelloTimeout();
  // Hands what waits to the store, unless something is there already.
  void SubmitPending();
  void OnCommitted(size_t count, uint64_t highest, const absl::Status& status);

  void ReadNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<v1::CollectorMessage> NextMessage() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<UplinkHub> hub_;
  std::shared_ptr<UplinkStream> self_;  // until OnDone
  bool counted_ = false;                // OpenStream was OK
  std::string peer_;
  IdentityCertificate identity_;  // of its certificate, which got in
  // An alarm keeps its callback until it is destroyed: the callbacks must not own the stream.
  grpc::Alarm hello_alarm_;
  grpc::Alarm throttle_alarm_;

  // Of the read in progress; touched by OnReadDone and what it calls.
  grpc::ByteBuffer received_;
  v1::ReceivedMessage incoming_;
  std::string agent_;  // once admitted; written under the lock, since End may read it anywhere
  AgentRecord record_;
  std::string spool_id_;
  std::optional<Intake> intake_;
  TokenBucket rate_;

  absl::Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kGreeting;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // or handling what was read
  bool throttled_ ABSL_GUARDED_BY(mutex_) = false;
  bool peer_finished_ ABSL_GUARDED_BY(mutex_) = false;  // said that it sends no more

  std::vector<Sighting> pending_ ABSL_GUARDED_BY(mutex_);
  size_t pending_batches_ ABSL_GUARDED_BY(mutex_) = 0;
  bool storing_ ABSL_GUARDED_BY(mutex_) = false;
  bool behind_ ABSL_GUARDED_BY(mutex_) = false;  // something of this stream was not stored

  grpc::ByteBuffer outgoing_;  // of the write in flight
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<v1::CollectorMessage> waiting_ ABSL_GUARDED_BY(mutex_);
  Owed owed_ ABSL_GUARDED_BY(mutex_);  // behind what waits
};

void UplinkStream::Open(const grpc::CallbackServerContext& context) {
  self_ = shared_from_this();
  peer_ = context.peer();
  absl::StatusOr<IdentityCertificate> peer =
      hub_->gate().Admit(PeerCertificate(context), hub_->clock().Now());
  absl::Status opened = peer.ok() ? hub_->OpenStream() : peer.status();
  if (peer.ok()) identity_ = *std::move(peer);
  counted_ = opened.ok();
  absl::MutexLock lock(&mutex_);
  if (!opened.ok()) return End(opened);
  hello_alarm_.Set(absl::ToChronoTime(absl::Now() + hub_->options().hello_timeout),
                   [weak = weak_from_this()](bool fired) {
                     std::shared_ptr<UplinkStream> self = weak.lock();
                     if (fired && self != nullptr) self->OnHelloTimeout();
                   });
  ReadNext();
}

void UplinkStream::OnHelloTimeout() {
  absl::MutexLock lock(&mutex_);
  if (phase_ == Phase::kGreeting) End(absl::DeadlineExceededError("no hello in time"));
}

void UplinkStream::OnReadDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    if (phase_ == Phase::kEnded) return;
    if (!ok) {
      peer_finished_ = true;
      return WriteNext();
    }
  }
  absl::Status fine = ReadMessage(received_, incoming_)
                          ? OnMessage()
                          : absl::InvalidArgumentError("bytes that are no message");
  incoming_.Clear();
  SubmitPending();
  absl::MutexLock lock(&mutex_);
  if (!fine.ok()) return End(fine);
  // Only now: until here, whoever else calls ReadNext must not start a read into incoming_.
  reading_ = false;
  ReadNext();
}

absl::Status UplinkStream::OnMessage() {
  const bool greeted = intake_.has_value();
  switch (incoming_.message_case()) {
    case v1::ReceivedMessage::kHello:
      if (greeted) return absl::InvalidArgumentError("a second hello");
      return OnHello(incoming_.hello());
    case v1::ReceivedMessage::kBatch:
      if (!greeted) return absl::InvalidArgumentError("a batch before the hello");
      return OnBatch(std::move(*incoming_.mutable_batch()));
    case v1::ReceivedMessage::kHeartbeat:
      if (!greeted) return absl::InvalidArgumentError("a heartbeat before the hello");
      OnHeartbeat(incoming_.heartbeat());
      return absl::OkStatus();
    case v1::ReceivedMessage::MESSAGE_NOT_SET:  // of a newer version
      if (!greeted) return absl::InvalidArgumentError("no hello first");
      return absl::OkStatus();
  }
  return absl::InternalError("a message of a kind that is none");
}

absl::Status UplinkStream::OnHello(const v1::Hello& hello) {
  absl::Status fine = CheckHello(hello, identity_.identity);
  if (!fine.ok()) return fine;
  {
    absl::MutexLock lock(&mutex_);
    if (phase_ == Phase::kEnded) return absl::OkStatus();
    phase_ = Phase::kWelcoming;
    agent_ = hello.agent();
  }
  hello_alarm_.Cancel();
  record_ = ReadHello(hello, identity_.not_after, hub_->clock().Now());
  spool_id_ = hello.spool_id();
  hub_->Admit(record_, peer_, shared_from_this());
  hub_->events().AgentConnected(record_);
  hub_->events().FindWatermark(agent_, spool_id_,
                               [self = shared_from_this()](absl::StatusOr<uint64_t> watermark) {
                                 self->OnWatermark(std::move(watermark));
                               });
  return absl::OkStatus();
}

// No read is in progress until the welcome is on its way, so the reader's members may be set here.
void UplinkStream::OnWatermark(absl::StatusOr<uint64_t> watermark) {
  absl::MutexLock lock(&mutex_);
  if (phase_ != Phase::kWelcoming) return;
  if (!watermark.ok()) {
    return End(absl::UnavailableError(
        Concat("the collector cannot read its store: ", watermark.status().message())));
  }
  intake_.emplace(record_.vantage, spool_id_, *watermark);
  phase_ = Phase::kRunning;
  waiting_.push_front(hub_->Welcome(*watermark));
  owed_.Assignment();
  WriteNext();
  ReadNext();
}

absl::Status UplinkStream::OnBatch(v1::ReceivedBatch batch) {
  std::shared_ptr<const Assignment> assignment = hub_->assignment();
  absl::StatusOr<Taken> taken = intake_->Take(std::move(batch), *assignment, hub_->clock().Now());
  if (!taken.ok()) return taken.status();
  const size_t count = taken->sightings.size();
  hub_->CountBatch(count, taken->refusals);
  const absl::Duration wait = rate_.Take(static_cast<double>(count), hub_->clock().Steady());
  if (wait > absl::ZeroDuration()) hub_->CountThrottled();
  absl::MutexLock lock(&mutex_);
  if (phase_ != Phase::kRunning) return absl::OkStatus();
  std::move(taken->sightings.begin(), taken->sightings.end(), std::back_inserter(pending_));
  ++pending_batches_;
  if (wait > absl::ZeroDuration()) {
    throttled_ = true;
    throttle_alarm_.Set(absl::ToChronoTime(absl::Now() + wait), [weak = weak_from_this()](bool) {
      std::shared_ptr<UplinkStream> self = weak.lock();
      if (self != nullptr) self->OnThrottleOver();
    });
  }
  return absl::OkStatus();
}

void UplinkStream::OnThrottleOver() {
  absl::MutexLock lock(&mutex_);
  throttled_ = false;
  ReadNext();
}

void UplinkStream::OnHeartbeat(const v1::Heartbeat& heartbeat) {
  HeartbeatFacts facts = ReadHeartbeat(heartbeat, hub_->clock().Now());
  intake_->SetClockOffset(facts.clock_offset);
  hub_->Heard(agent_, std::move(facts));
}

void UplinkStream::SubmitPending() {
  std::vector<Sighting> batch;
  bool behind = false;
  {
    absl::MutexLock lock(&mutex_);
    if (storing_ || pending_.empty() || phase_ != Phase::kRunning) return;
    storing_ = true;
    behind = behind_;
    batch = std::exchange(pending_, {});
    pending_batches_ = 0;
  }
  const size_t count = batch.size();
  const uint64_t highest = batch.back().sequence;
  const auto done = [self = shared_from_this(), count, highest](const absl::Status& status) {
    self->OnCommitted(count, highest, status);
  };
  // Unlocked: the answer may come from within the call.
  IngestEvents& events = hub_->events();
  behind ? events.BatchBehind(std::move(batch), done)
         : events.BatchReceived(std::move(batch), done);
}

void UplinkStream::OnCommitted(size_t count, uint64_t highest, const absl::Status& status) {
  if (status.ok()) hub_->CountCommitted(count);
  {
    absl::MutexLock lock(&mutex_);
    storing_ = false;
    if (phase_ == Phase::kEnded) return;
    behind_ = behind_ || absl::IsResourceExhausted(status);
    if (!status.ok() && !absl::IsResourceExhausted(status)) {
      return End(absl::UnavailableError(
          Concat("the collector cannot store observations now: ", status.message())));
    }
    behind_ ? owed_.Unstored(highest) : owed_.Acknowledgement(highest);
  }
  SubmitPending();
  absl::MutexLock lock(&mutex_);
  WriteNext();
  ReadNext();
}

void UplinkStream::ReadNext() {
  const bool may_speak = phase_ == Phase::kGreeting || phase_ == Phase::kRunning;
  if (!may_speak || reading_ || throttled_ || peer_finished_) return;
  if (pending_batches_ >= kMaxPendingBatches) return;
  reading_ = true;
  StartRead(&received_);
}

std::optional<v1::CollectorMessage> UplinkStream::NextMessage() {
  if (!waiting_.empty()) {
    v1::CollectorMessage message = std::move(waiting_.front());
    waiting_.pop_front();
    return message;
  }
  return owed_.Next(*hub_->assignment(), record_.probe_kinds);
}

void UplinkStream::WriteNext() {
  if (phase_ == Phase::kEnded || writing_) return;
  const std::optional<v1::CollectorMessage> message =
      phase_ == Phase::kRunning ? NextMessage() : std::nullopt;
  if (message) {
    writing_ = true;
    if (!WriteMessage(*message, outgoing_)) {
      return End(absl::InternalError("a message for the agent is too large"));
    }
    StartWrite(&outgoing_);
    return;
  }
  // A finish while a write is in flight would drop the last acknowledgement.
  if (peer_finished_ && !storing_ && pending_.empty()) End(absl::OkStatus());
}

void UplinkStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  if (phase_ == Phase::kEnded) return;
  if (!ok) return End(absl::CancelledError("the agent is gone"));
  WriteNext();
}

void UplinkStream::OnCancel() {
  absl::MutexLock lock(&mutex_);
  if (phase_ != Phase::kEnded) End(absl::CancelledError("the agent is gone"));
}

void UplinkStream::End(const absl::Status& status) {
  if (phase_ == Phase::kEnded) return;
  phase_ = Phase::kEnded;
  pending_.clear();
  pending_batches_ = 0;
  if (!status.ok() && status.code() != absl::StatusCode::kCancelled) {
    hub_->ReportEnded(peer_, agent_, status);
  }
  Finish(ToGrpc(status));
}

void UplinkStream::OnDone() {
  hello_alarm_.Cancel();
  throttle_alarm_.Cancel();
  std::shared_ptr<UplinkStream> self = std::move(self_);
  if (counted_) hub_->CloseStream(agent_, this);
}

void UplinkStream::AssignmentChanged() {
  absl::MutexLock lock(&mutex_);
  owed_.Assignment();
  WriteNext();
}

void UplinkStream::SetShare(FleetShare share) {
  absl::MutexLock lock(&mutex_);
  owed_.Share(share);
  WriteNext();
}

bool UplinkStream::SendRunNow(const RunRequest& request) {
  absl::MutexLock lock(&mutex_);
  if (phase_ != Phase::kRunning || waiting_.size() >= kMaxWaitingMessages) return false;
  waiting_.push_back(MakeRunNow(request));
  WriteNext();
  return true;
}

void UplinkStream::SendDrain(absl::Duration reconnect_after) {
  absl::MutexLock lock(&mutex_);
  if (phase_ == Phase::kEnded) return;
  waiting_.push_back(MakeDrain(reconnect_after));
  WriteNext();
}

void UplinkStream::Replace() {
  absl::MutexLock lock(&mutex_);
  End(absl::AlreadyExistsError("a newer stream of this agent took its place"));
}

void UplinkStream::CheckCertificate() {
  absl::Status good = hub_->gate().Check(identity_, hub_->clock().Now());
  absl::MutexLock lock(&mutex_);
  if (!good.ok()) End(good);
}

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* OpenUplinkStream(
    std::shared_ptr<UplinkHub> hub, grpc::CallbackServerContext& context) {
  auto stream = std::make_shared<UplinkStream>(std::move(hub));
  stream->Open(context);
  return stream.get();
}

}  // namespace postwatch::collector
