#include "agent/uplink/grpc_stream.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_callback.h>

#include <boost/asio/post.hpp>
#include <map>
#include <utility>

#include "common/base/log.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/pki/pem_files.h"
#include "common/wire/grpc_tls.h"
#include "postwatch/v1/uplink.grpc.pb.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

constexpr int kMaxMessageBytes = 64 << 20;  // an assignment of 50000 checks
constexpr int kKeepaliveTimeMs = 6'000;
constexpr int kKeepaliveTimeoutMs = 4'000;
constexpr int kConnectTimeoutMs = 5'000;
constexpr int kChannelBackoffMs = 200;  // the link has a backoff of its own
constexpr int kReadAheadBytes = 64 << 10;

// What the reactor's callbacks and the loop's side share; `events` and `ended` belong to the loop.
struct Shared {
  explicit Shared(asio::any_io_executor executor) : executor(std::move(executor)) {}
  asio::any_io_executor executor;
  MessageStreamEvents* events = nullptr;
  bool ended = false;  // nothing may be started on the call any more
};

void PostClosed(const std::shared_ptr<Shared>& shared, absl::Status status) {
  asio::post(shared->executor, [shared, status = std::move(status)] {
    shared->ended = true;
    MessageStreamEvents* events = std::exchange(shared->events, nullptr);
    if (events != nullptr) events->OnClosed(status);
  });
}

// Owns itself from Begin until OnDone. Each callback crosses to the loop by posting; the next read
// is only started when the loop has dealt with the one before, so nothing piles up here. Reads and
// writes are started by the loop, outside of reactions, hence the hold: the loop removes it when
// the read side has ended, and starts nothing afterwards.
class Reactor : public grpc::ClientBidiReactor<v1::AgentMessage, v1::CollectorMessage>,
                public std::enable_shared_from_this<Reactor> {
 public:
  explicit Reactor(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  void Begin(const std::shared_ptr<grpc::Channel>& channel) {
    stub_ = v1::Uplink::NewStub(channel);
    self_ = shared_from_this();
    stub_->async()->Connect(&context_, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  void Send(v1::AgentMessage message) {
    if (shared_->ended) return;
    outgoing_ = std::move(message);
    StartWrite(&outgoing_);
  }

  void HalfClose() {
    if (shared_->ended || half_closed_) return;
    half_closed_ = true;
    StartWritesDone();
  }

  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    asio::post(shared_->executor, [self = shared_from_this(), ok] { self->AfterRead(ok); });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return;  // OnDone says why
    asio::post(shared_->executor, [shared = shared_] {
      if (shared->events != nullptr) shared->events->OnWritten();
    });
  }

  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<Reactor> self = std::move(self_);
    PostClosed(shared_, absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                                     status.error_message()));
  }

 private:
  void AfterRead(bool ok) {
    if (!ok) {
      shared_->ended = true;
      RemoveHold();
      return;
    }
    if (shared_->events != nullptr) shared_->events->OnMessage(incoming_);
    incoming_.Clear();
    StartRead(&incoming_);
  }

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Reactor> self_;
  std::unique_ptr<v1::Uplink::Stub> stub_;
  grpc::ClientContext context_;
  v1::AgentMessage outgoing_;
  v1::CollectorMessage incoming_;
  bool half_closed_ = false;
};

class GrpcStream : public MessageStream {
 public:
  GrpcStream(std::shared_ptr<Shared> shared, std::shared_ptr<Reactor> reactor)
      : shared_(std::move(shared)), reactor_(std::move(reactor)) {}
  ~GrpcStream() override {
    shared_->events = nullptr;
    if (reactor_ != nullptr) reactor_->Cancel();
  }

  void Write(v1::AgentMessage message) override {
    if (reactor_ != nullptr) reactor_->Send(std::move(message));
  }
  void Finish() override {
    if (reactor_ != nullptr) reactor_->HalfClose();
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Reactor> reactor_;  // null when the call could not even be made
};

grpc::ChannelArguments LightArguments(const GrpcTarget& target) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kChannelBackoffMs);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kChannelBackoffMs);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);  // in fact the time to connect
  args.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kConnectTimeoutMs);
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // nothing of ours is set by the environment
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kReadAheadBytes);
  args.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (!target.server_name.empty()) args.SetSslTargetNameOverride(target.server_name);
  return args;
}

// gRPC's own words go to our log; it repeats at each try what the link reports once.
void LogFromGrpc(gpr_log_func_args* args) {
  Log(LogLevel::kDebug, "gRPC", {{"file", args->file}, {"message", args->message}});
}

// Keeps the channels as long as the files stay as they are.
class Connector {
 public:
  explicit Connector(GrpcTarget target) : target_(std::move(target)) {}

  absl::StatusOr<std::shared_ptr<grpc::Channel>> Channel() {
    const absl::StatusOr<PemBundle> pem =
        LoadPemBundle({target_.ca_file, target_.cert_file, target_.key_file});
    if (!pem.ok()) return absl::FailedPreconditionError(pem.status().message());
    std::string all = Concat(pem->ca, pem->certificate, pem->key.Reveal());
    const size_t fingerprint = std::hash<std::string>()(all);
    WipeBytes(all);
    if (fingerprint != fingerprint_) channels_.clear();
    fingerprint_ = fingerprint;
    const std::string& address = AddressOfTurn(target_, turn_++);
    std::shared_ptr<grpc::Channel>& channel = channels_[address];
    if (channel == nullptr) {
      TlsTexts texts{pem->ca, pem->certificate, std::string(pem->key.Reveal())};
      channel = grpc::CreateCustomChannel(address, ClientTls(texts), LightArguments(target_));
      WipeBytes(texts.key);
    }
    return channel;
  }

 private:
  const GrpcTarget target_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;  // by address
  size_t turn_ = 0;
  size_t fingerprint_ = 0;
};

}  // namespace

const std::string& AddressOfTurn(const GrpcTarget& target, size_t turn) {
  const size_t place = turn % (target.fallbacks.size() + 1);
  return place == 0 ? target.address : target.fallbacks[place - 1];
}

OpenMessageStream MakeGrpcOpener(GrpcTarget target, asio::any_io_executor executor) {
  gpr_set_log_function(&LogFromGrpc);
  auto connector = std::make_shared<Connector>(std::move(target));
  return [connector, executor](MessageStreamEvents& events) -> std::unique_ptr<MessageStream> {
    auto shared = std::make_shared<Shared>(executor);
    shared->events = &events;
    const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = connector->Channel();
    if (!channel.ok()) {
      PostClosed(shared, channel.status());
      return std::make_unique<GrpcStream>(std::move(shared), nullptr);
    }
    auto reactor = std::make_shared<Reactor>(shared);
    reactor->Begin(*channel);
    return std::make_unique<GrpcStream>(std::move(shared), std::move(reactor));
  };
}

}  // namespace postwatch::agent
