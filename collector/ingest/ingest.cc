#include "collector/ingest/ingest.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "collector/ingest/call_guard.h"
#include "collector/ingest/enrolment_service.h"
#include "collector/ingest/health_service.h"
#include "collector/ingest/revocation_file.h"
#include "collector/ingest/uplink_hub.h"
#include "collector/ingest/uplink_stream.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/wire/grpc_tls.h"
#include "postwatch/v1/uplink.grpc.pb.h"

namespace postwatch::collector {
namespace {

constexpr int kMaxMessageBytes = 4 << 20;
constexpr size_t kMaxBufferedBytes = 256 << 20;  // of all connections, inside gRPC
constexpr int kMaxStreamsPerConnection = 4;      // an agent needs one, two while it replaces it
constexpr int kMaxIdleMs = 60000;  // without a call; whoever has no certificate has no stream
constexpr int kKeepaliveMs = 20000;
constexpr absl::Duration kLookEvery = absl::Seconds(5);
constexpr int kKeepaliveTimeoutMs = 10000;
constexpr int kMinPingIntervalMs = 5000;  // agents ping every 6 s

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

// What an enrolment is made of is read for each certificate.
EnrolmentSources SourcesOf(const EnrolmentOptions& options, const std::string& trusted) {
  const auto keys = [options, trusted]() -> absl::StatusOr<EnrolmentKeys> {
    absl::StatusOr<IssuedCertificate> authority =
        LoadIssuedCertificate(options.ca_cert, options.ca_key);
    if (!authority.ok()) return authority.status();
    absl::StatusOr<std::string> all = ReadPemFile(trusted);
    if (!all.ok()) return all.status();
    return EnrolmentKeys{*std::move(authority), *std::move(all)};
  };
  return {keys, options.spend_token};
}

TlsTexts TextsOf(const PemBundle& pem) {
  return {pem.ca, pem.certificate, std::string(pem.key.Reveal())};
}

void SetBounds(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  grpc::ResourceQuota quota("uplink");
  builder.SetResourceQuota(quota.Resize(kMaxBufferedBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMaxIdleMs);
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
      clock_(clock),
      service_(std::make_unique<UplinkService>(hub_)),
      health_(MakeHealthService(hub_->options().ready, hub_->gate(), clock)) {}

Ingest::~Ingest() { Stop(absl::ZeroDuration()); }

absl::Status Ingest::Start(const std::string& address, const PemBundle& pem) {
  return Listen(address, FixedServerTls(TextsOf(pem), ClientCertificate::kRequired));
}

absl::Status Ingest::Start(const std::string& address, const IngestTls& tls) {
  own_ = tls.own;
  absl::StatusOr<PemBundle> own = LoadPemBundle(own_);
  if (!own.ok()) return own.status();
  if (!tls.crl.empty()) {
    revocations_ = std::make_unique<RevocationFile>(tls.crl, tls.own.ca);
    if (absl::Status read = ReadRevocations(); !read.ok()) return read;
  }
  hub_->SetFleetKey(tls.fleet_key);
  if (tls.enrolment) {
    const EnrolmentSources sources = SourcesOf(*tls.enrolment, tls.own.ca);
    if (absl::Status keys = sources.keys().status(); !keys.ok()) return keys;
    enrolment_ = MakeEnrolmentService(
        std::make_shared<Enrolment>(sources, tls.enrolment->lifetime, hub_->gate(), clock_),
        hub_->gate(), clock_);
  }
  absl::StatusOr<ChangingServerTls> shown = ChangingServerTls::Make(TextsOf(*own));
  if (!shown.ok()) return shown.status();
  tls_ = std::make_unique<ChangingServerTls>(*std::move(shown));
  shown_ = *std::move(own);
  return Listen(address, tls_->Credentials(tls.enrolment ? ClientCertificate::kIfGiven
                                                         : ClientCertificate::kRequired));
}

// Files that are being replaced, or are no good, change nothing: whoever looks at them for people
// says so.
void Ingest::TakeUpCertificates() {
  if (tls_ == nullptr) return;
  absl::StatusOr<PemBundle> own = LoadPemBundle(own_);
  if (!own.ok()) return;
  if (own->ca == shown_.ca && own->certificate == shown_.certificate &&
      own->key.Reveal() == shown_.key.Reveal()) {
    return;
  }
  if (absl::Status changed = tls_->Change(TextsOf(*own)); !changed.ok()) {
    Log(LogLevel::kError, "new certificates are not taken up",
        {{"error", std::string(FromAbsl(changed.message()))}});
    return;
  }
  shown_ = *std::move(own);
}

absl::Status Ingest::ReadRevocations() {
  looked_ = clock_.Steady();
  absl::StatusOr<std::optional<RevocationList>> list = revocations_->Look();
  if (!list.ok()) return list.status();
  if (list->has_value()) {
    Log(LogLevel::kInfo, "read the revocations", {{"entries", Concat((*list)->size())}});
    const size_t lacking = hub_->gate().AddRevocations(**std::move(list));
    if (lacking > 0) {
      Log(LogLevel::kWarn,
          "the list of revocations is older than the one before; what it lacks stays revoked here "
          "until the collector starts anew",
          {{"lacking", Concat(lacking)}});
    }
  }
  return absl::OkStatus();
}

void Ingest::Refresh() {
  TakeUpCertificates();
  if (clock_.Steady() - looked_ < kLookEvery) return;
  looked_ = clock_.Steady();
  const absl::Status read = revocations_ == nullptr ? absl::OkStatus() : ReadRevocations();
  if (!read.ok()) {
    Log(LogLevel::kError, "the revocations cannot be read; those read before stay in force",
        {{"error", std::string(FromAbsl(read.message()))}});
  }
  hub_->CheckCertificates();
}

absl::Status Ingest::Listen(const std::string& address,
                            std::shared_ptr<grpc::ServerCredentials> credentials) {
  grpc::ServerBuilder builder;
  SetBounds(builder);
  credentials->SetAuthMetadataProcessor(MakeCallGuard(hub_->gate(), clock_));
  int port = 0;
  builder.AddListeningPort(address, std::move(credentials), &port);
  builder.RegisterService(service_.get());
  builder.RegisterService(&health_->service());
  if (enrolment_ != nullptr) builder.RegisterService(enrolment_.get());
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

void Ingest::Drain(absl::Duration reconnect_after) {
  health_->Drain();
  hub_->Drain(reconnect_after);
}

void Ingest::Stop(absl::Duration grace) {
  health_->Drain();
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_->Wait();
  hub_->AwaitNoStreams();
  server_.reset();
}

IngestCounters Ingest::counters() const { return hub_->counters(); }

}  // namespace postwatch::collector
