#include "agent/uplink/enrolment_client.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_callback.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/text.h"
#include "common/pki/pem_files.h"
#include "common/wire/grpc_tls.h"
#include "postwatch/v1/enrollment.grpc.pb.h"

namespace postwatch::agent {
namespace {

constexpr int kMaxMessageBytes = 256 << 10;
constexpr int kMaxBackoffMs = 1000;
constexpr absl::Duration kRenewTimeout = absl::Seconds(20);
// How the collector begins when it says itself that it cannot now.
constexpr char kOwnWords[] = "the collector ";

std::shared_ptr<grpc::Channel> Connect(const std::string& address, const std::string& server_name,
                                       const std::shared_ptr<grpc::ChannelCredentials>& tls) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // nothing of ours is set by the environment
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxBackoffMs);
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (!server_name.empty()) args.SetSslTargetNameOverride(server_name);
  return grpc::CreateCustomChannel(address, tls, args);
}

void SetDeadline(grpc::ClientContext& context, absl::Duration timeout) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
}

// Absl's codes are gRPC's.
absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::Status Explain(const std::string& address, const grpc::Status& status) {
  const absl::Status plain = FromGrpc(status);
  if (absl::IsUnimplemented(plain)) {
    return absl::UnimplementedError(Concat("the collector at ", address,
                                           " enrols nobody: its configuration has no `enrolment`"));
  }
  if (!absl::IsUnavailable(plain) && !absl::IsDeadlineExceeded(plain)) return plain;
  if (FromAbsl(plain.message()).starts_with(kOwnWords)) return plain;
  return absl::Status(
      plain.code(),
      Concat("no answer from a collector at ", address, " (", FromAbsl(plain.message()),
             "); is that its address, does its certificate cover that name, can this machine reach "
             "it, and does its configuration have `enrolment`?"));
}

}  // namespace

absl::StatusOr<std::string> AskForAuthorities(const std::string& address, absl::Duration timeout) {
  const auto stub = v1::Enrollment::NewStub(Connect(address, "", UnverifiedTls()));
  grpc::ClientContext context;
  SetDeadline(context, timeout);
  v1::JoinReply reply;
  const grpc::Status status = stub->Join(&context, v1::JoinRequest(), &reply);
  if (!status.ok()) return Explain(address, status);
  return reply.authorities();
}

absl::StatusOr<EnrolmentAnswer> JoinByToken(const JoinCall& call, absl::Duration timeout) {
  const auto stub = v1::Enrollment::NewStub(
      Connect(call.address, call.server_name, ClientTls({call.authorities, "", ""})));
  grpc::ClientContext context;
  SetDeadline(context, timeout);
  v1::JoinRequest request;
  request.set_token(call.token);
  request.set_certificate_request(call.certificate_request);
  v1::JoinReply reply;
  const grpc::Status status = stub->Join(&context, request, &reply);
  if (!status.ok()) return Explain(call.address, status);
  return EnrolmentAnswer{reply.authorities(), reply.certificate()};
}

void RenewByCertificate(const GrpcTarget& target, const std::string& certificate_request,
                        boost::asio::any_io_executor executor,
                        std::function<void(absl::StatusOr<EnrolmentAnswer>)> done) {
  const auto finish = [executor = std::move(executor),
                       done = std::move(done)](absl::StatusOr<EnrolmentAnswer> answer) {
    boost::asio::post(executor,
                      [done, answer = std::move(answer)]() mutable { done(std::move(answer)); });
  };
  const absl::StatusOr<PemBundle> pem =
      LoadPemBundle({target.ca_file, target.cert_file, target.key_file});
  if (!pem.ok()) return finish(absl::FailedPreconditionError(pem.status().message()));
  // All that gRPC needs until the call is over.
  struct Call {
    std::unique_ptr<v1::Enrollment::Stub> stub;
    grpc::ClientContext context;
    v1::RenewRequest request;
    v1::RenewReply reply;
  };
  auto call = std::make_shared<Call>();
  call->stub = v1::Enrollment::NewStub(
      Connect(target.address, target.server_name,
              ClientTls({pem->ca, pem->certificate, std::string(pem->key.Reveal())})));
  SetDeadline(call->context, kRenewTimeout);
  call->request.set_certificate_request(certificate_request);
  call->stub->async()->Renew(
      &call->context, &call->request, &call->reply,
      [call, finish, address = target.address](const grpc::Status& status) {
        if (!status.ok()) return finish(Explain(address, status));
        finish(EnrolmentAnswer{call->reply.authorities(), call->reply.certificate()});
      });
}

}  // namespace postwatch::agent
