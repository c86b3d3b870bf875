#include "collector/ingest/enrolment_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <utility>

#include "collector/ingest/grpc_peer.h"
#include "collector/ingest/rate_limit.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "postwatch/v1/enrollment.grpc.pb.h"

namespace postwatch::collector {
namespace {

class EnrolmentService : public v1::Enrollment::CallbackService {
 public:
  EnrolmentService(std::shared_ptr<Enrolment> enrolment, const PeerGate& gate, const Clock& clock)
      : enrolment_(std::move(enrolment)), gate_(gate), clock_(clock) {}

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context,
                                 const v1::JoinRequest* request, v1::JoinReply* reply) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    const std::string from = PeerNetwork(context->peer());
    enrolment_->Join(*request, from,
                     [this, call, reply, from](absl::StatusOr<v1::JoinReply> joined) {
                       const absl::Status status = joined.status();
                       if (joined.ok()) *reply = *std::move(joined);
                       if (!status.ok()) Report(from, status);
                       call->Finish(ToGrpc(status));
                     });
    return call;
  }

  grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context,
                                  const v1::RenewRequest* request, v1::RenewReply* reply) override {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    call->Finish(ToGrpc(RenewNow(*context, *request, *reply)));
    return call;
  }

 private:
  // Strangers must not fill the log.
  void Report(const std::string& from, const absl::Status& why) {
    {
      absl::MutexLock lock(&mutex_);
      if (!log_limiter_.Allow("", clock_.Steady())) return;
    }
    Log(LogLevel::kWarn, "nobody joined",
        {{"from", from}, {"why", std::string(FromAbsl(why.message()))}});
  }

  absl::Status RenewNow(const grpc::CallbackServerContext& context, const v1::RenewRequest& request,
                        v1::RenewReply& reply) {
    const absl::StatusOr<IdentityCertificate> peer =
        gate_.Admit(PeerCertificate(context), clock_.Now());
    if (!peer.ok()) return peer.status();
    if (peer->identity.role != PeerRole::kAgent) {
      return absl::UnauthenticatedError("the certificate is not an agent's");
    }
    absl::StatusOr<v1::RenewReply> renewed = enrolment_->Renew(request, *peer);
    if (!renewed.ok()) return renewed.status();
    reply = *std::move(renewed);
    return absl::OkStatus();
  }

  const std::shared_ptr<Enrolment> enrolment_;
  const PeerGate& gate_;
  const Clock& clock_;
  absl::Mutex mutex_;
  LogLimiter log_limiter_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEnrolmentService(std::shared_ptr<Enrolment> enrolment,
                                                    const PeerGate& gate, const Clock& clock) {
  return std::make_unique<EnrolmentService>(std::move(enrolment), gate, clock);
}

}  // namespace postwatch::collector
