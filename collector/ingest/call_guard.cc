#include "collector/ingest/call_guard.h"

#include <grpcpp/security/auth_metadata_processor.h>

#include "collector/ingest/grpc_peer.h"

namespace postwatch::collector {
namespace {

constexpr char kPath[] = ":path";
constexpr char kForAnybody[] = "/postwatch.v1.Enrollment/Join";
constexpr char kLooksItself[] = "/postwatch.v1.Uplink/Connect";

class CallGuard : public grpc::AuthMetadataProcessor {
 public:
  CallGuard(const PeerGate& gate, const Clock& clock) : gate_(gate), clock_(clock) {}

  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const auto path = metadata.find(kPath);
    const bool known = path != metadata.end();
    if (known && path->second == kForAnybody) return grpc::Status::OK;
    const std::string certificate = PeerCertificate(*context);
    if (known && path->second == kLooksItself && !certificate.empty()) return grpc::Status::OK;
    return ToGrpc(gate_.Admit(certificate, clock_.Now()).status());
  }

 private:
  const PeerGate& gate_;
  const Clock& clock_;
};

}  // namespace

std::shared_ptr<grpc::AuthMetadataProcessor> MakeCallGuard(const PeerGate& gate,
                                                           const Clock& clock) {
  return std::make_shared<CallGuard>(gate, clock);
}

}  // namespace postwatch::collector
