#include "collector/ingest/health_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "collector/ingest/grpc_peer.h"
#include "common/base/text.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "postwatch/v1/uplink.grpc.pb.h"

namespace postwatch::collector {
namespace {

namespace health = grpc::health::v1;
using health::HealthCheckRequest;
using health::HealthCheckResponse;

constexpr size_t kMaxWatchers = 64;
constexpr size_t kShownBytes = 128;
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);

bool IsKnown(const std::string& service) {
  return service.empty() || service == v1::Uplink::service_full_name();
}

class Watcher;

// Who watches. Shared with the watchers, since gRPC lets go of them in its own time.
class Watchers {
 public:
  // False when there are too many.
  bool Add(std::shared_ptr<Watcher> watcher) {
    absl::MutexLock lock(&mutex_);
    if (all_.size() >= kMaxWatchers) return false;
    all_.push_back(std::move(watcher));
    return true;
  }
  void Remove(const std::shared_ptr<Watcher>& watcher) {
    absl::MutexLock lock(&mutex_);
    std::erase(all_, watcher);
  }
  std::vector<std::shared_ptr<Watcher>> all() const {
    absl::MutexLock lock(&mutex_);
    return all_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<Watcher>> all_ ABSL_GUARDED_BY(mutex_);
};

// One call of Watch. Owns itself until gRPC is done with it.
class Watcher : public grpc::ServerWriteReactor<HealthCheckResponse>,
                public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(std::shared_ptr<Watchers> watchers, bool known)
      : watchers_(std::move(watchers)), known_(known) {}

  void Open(absl::StatusOr<IdentityCertificate> peer, HealthCheckResponse::ServingStatus status) {
    self_ = shared_from_this();
    if (!peer.ok()) return End(peer.status());
    peer_ = *std::move(peer);
    if (!watchers_->Add(self_)) {
      return End(absl::ResourceExhaustedError(
          Concat(kMaxWatchers, " watch already; ask by Check instead")));
    }
    Tell(status);
  }

  // A service that is not here stays so.
  void Tell(HealthCheckResponse::ServingStatus status) {
    absl::MutexLock lock(&mutex_);
    wanted_ = known_ ? status : HealthCheckResponse::SERVICE_UNKNOWN;
    WriteIfNew();
  }

  const IdentityCertificate& peer() const { return peer_; }

  void End(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(ended_, true)) return;
    Finish(ToGrpc(status));
  }

  // Behind what is being written.
  void EndAfterWriting(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    last_ = status;
    WriteIfNew();
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (ok) return WriteIfNew();
    if (!std::exchange(ended_, true)) Finish(ToGrpc(absl::CancelledError("the watcher is gone")));
  }
  void OnCancel() override { End(absl::CancelledError("the watcher is gone")); }
  void OnDone() override {
    const std::shared_ptr<Watcher> self = std::move(self_);
    watchers_->Remove(self);
  }

 private:
  void WriteIfNew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_ || writing_) return;
    if (wanted_ != response_.status()) {
      response_.set_status(wanted_);
      writing_ = true;
      return StartWrite(&response_);
    }
    if (last_.ok()) return;
    ended_ = true;
    Finish(ToGrpc(last_));
  }

  const std::shared_ptr<Watchers> watchers_;
  const bool known_;
  std::shared_ptr<Watcher> self_;  // until OnDone
  IdentityCertificate peer_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status last_ ABSL_GUARDED_BY(mutex_);  // to end with, once all is written; OK: not yet
  HealthCheckResponse::ServingStatus wanted_ ABSL_GUARDED_BY(mutex_) = HealthCheckResponse::UNKNOWN;
  HealthCheckResponse response_;  // written, or being written
};

class GrpcHealthService : public HealthService, public health::Health::CallbackService {
 public:
  GrpcHealthService(std::function<bool()> ready, const PeerGate& gate, const Clock& clock)
      : ready_(std::move(ready)), gate_(gate), clock_(clock), thread_([this] { Loop(); }) {}
  ~GrpcHealthService() override { Drain(); }

  grpc::Service& service() override { return *this; }

  void Drain() override {
    {
      absl::MutexLock lock(&mutex_);
      draining_ = true;
    }
    if (thread_.joinable()) thread_.join();
    for (const auto& watcher : watchers_->all()) {
      watcher->Tell(HealthCheckResponse::NOT_SERVING);
      watcher->EndAfterWriting(absl::UnavailableError("the collector is stopping"));
    }
  }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const HealthCheckRequest* request,
                                  HealthCheckResponse* response) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    absl::Status answer = Admit(*context).status();
    if (answer.ok() && !IsKnown(request->service())) {
      answer = absl::NotFoundError(Concat("there is no service ",
                                          Truncate(request->service(), kShownBytes),
                                          " here; ask for ", v1::Uplink::service_full_name()));
    }
    if (answer.ok()) response->set_status(Status());
    call->Finish(ToGrpc(answer));
    return call;
  }

  grpc::ServerWriteReactor<HealthCheckResponse>* Watch(grpc::CallbackServerContext* context,
                                                       const HealthCheckRequest* request) override {
    auto watcher = std::make_shared<Watcher>(watchers_, IsKnown(request->service()));
    watcher->Open(Admit(*context), Status());
    if (draining()) watcher->EndAfterWriting(absl::UnavailableError("the collector is stopping"));
    return watcher.get();
  }

 private:
  absl::StatusOr<IdentityCertificate> Admit(const grpc::CallbackServerContext& context) const {
    return gate_.Admit(PeerCertificate(context), clock_.Now());
  }

  bool draining() const {
    absl::MutexLock lock(&mutex_);
    return draining_;
  }

  HealthCheckResponse::ServingStatus Status() const {
    return !draining() && ready_() ? HealthCheckResponse::SERVING
                                   : HealthCheckResponse::NOT_SERVING;
  }

  // On a thread of its own: what hangs elsewhere must show here.
  void Loop() {
    while (true) {
      {
        absl::MutexLock lock(&mutex_);
        if (mutex_.AwaitWithTimeout(absl::Condition(&draining_), kLookEvery)) return;
      }
      const std::vector<std::shared_ptr<Watcher>> all = watchers_->all();
      if (all.empty()) continue;
      const HealthCheckResponse::ServingStatus status =
          ready_() ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
      for (const auto& watcher : all) {
        const absl::Status good = gate_.Check(watcher->peer(), clock_.Now());
        good.ok() ? watcher->Tell(status) : watcher->End(good);
      }
    }
  }

  const std::function<bool()> ready_;
  const PeerGate& gate_;
  const Clock& clock_;
  const std::shared_ptr<Watchers> watchers_ = std::make_shared<Watchers>();
  mutable absl::Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<HealthService> MakeHealthService(std::function<bool()> ready, const PeerGate& gate,
                                                 const Clock& clock) {
  return std::make_unique<GrpcHealthService>(std::move(ready), gate, clock);
}

}  // namespace postwatch::collector
