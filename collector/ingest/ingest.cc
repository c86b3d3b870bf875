#include "collector/ingest/ingest.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "collector/ingest/uplink_hub.h"
#include "collector/ingest/uplink_stream.h"
#include "common/base/text.h"
#include "postwatch/v1/uplink.grpc.pb.h"

namespace postwatch::collector {
namespace {

constexpr int kMaxMessageBytes = 4 << 20;
constexpr size_t kMaxBufferedBytes = 256 << 20;  // of all connections, inside gRPC
constexpr int kMaxStreamsPerConnection = 4;      // an agent needs one, two while it replaces it
constexpr int kKeepaliveMs = 20000;
constexpr int kKeepaliveTimeoutMs = 10000;
constexpr int kMinPingIntervalMs = 5000;  // agents ping every 10 s

// The messages stay bytes here: UplinkStream reads them in its own way (received.proto).
class UplinkService : public v1::Uplink::WithRawCallbackMethod_Connect<v1::Uplink::Service> {
 public:
  explicit UplinkService(std::shared_ptr<UplinkHub> hub) : hub_(std::move(hub)) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Connect(
      grpc::CallbackServerContext* context) override {
    return OpenUplinkStream(hub_, *context);
  }

 private:
  std::shared_ptr<UplinkHub> hub_;
};

std::shared_ptr<grpc::ServerCredentials> MutualTls(const PemBundle& pem) {
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = pem.ca;
  tls.pem_key_cert_pairs.push_back({std::string(pem.key.Reveal()), pem.certificate});
  return grpc::SslServerCredentials(tls);
}

void SetBounds(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  grpc::ResourceQuota quota("uplink");
  builder.SetResourceQuota(quota.Resize(kMaxBufferedBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kMinPingIntervalMs);
  // A second collector on the same port must fail, not silently get half of the agents.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace

Ingest::Ingest(IngestEvents& events, const Clock& clock, IngestOptions options)
    : hub_(std::make_shared<UplinkHub>(events, clock, std::move(options))),
      service_(std::make_unique<UplinkService>(hub_)) {}

Ingest::~Ingest() { Stop(absl::ZeroDuration()); }

absl::Status Ingest::Start(const std::string& address, const PemBundle& pem) {
  grpc::ServerBuilder builder;
  SetBounds(builder);
  int port = 0;
  builder.AddListeningPort(address, MutualTls(pem), &port);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    server_.reset();
    return absl::UnavailableError(
        Concat("listen for agents on ", address,
               ": failed; is the address one of this machine's, the port free, and does the key "
               "belong to the certificate?"));
  }
  port_ = port;
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Ingest::SetAssignment(std::vector<CheckSpec> checks,
                                               std::string revision) {
  absl::StatusOr<std::shared_ptr<const Assignment>> made =
      MakeAssignment(std::move(checks), std::move(revision));
  if (!made.ok()) return made.status();
  const uint64_t version = (*made)->version;
  hub_->SetAssignment(*std::move(made));
  return version;
}

bool Ingest::RequestRun(const std::string& agent, const RunRequest& request) {
  return hub_->RequestRun(agent, request);
}

void Ingest::Drain(absl::Duration reconnect_after) { hub_->Drain(reconnect_after); }

void Ingest::Stop(absl::Duration grace) {
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_->Wait();
  hub_->AwaitNoStreams();
  server_.reset();
}

IngestCounters Ingest::counters() const { return hub_->counters(); }

}  // namespace postwatch::collector
