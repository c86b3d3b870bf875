// grpc_sink: gRPC alone as a collector: every message is parsed, answered at once and dropped.
//   grpc_sink --certs DIR    prints its port; ends with its input
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <mutex>

#include "bench/report.h"
#include "postwatch/v1/uplink.grpc.pb.h"

namespace postwatch::bench {
namespace {

class Answering : public grpc::ServerBidiReactor<v1::AgentMessage, v1::CollectorMessage> {
 public:
  Answering() { StartRead(&incoming_); }

  void OnReadDone(bool ok) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!ok) {
      ended_ = true;
      if (!writing_) Finish(grpc::Status::OK);
      return;
    }
    if (incoming_.has_hello()) {
      outgoing_.mutable_welcome()->set_collector_version("bare");
      Write();
    } else {
      received_ = incoming_.batch().first_sequence() +
                  static_cast<uint64_t>(incoming_.batch().observations_size()) - 1;
      if (!writing_) Acknowledge();
    }
    StartRead(&incoming_);
  }

  void OnWriteDone(bool) override {
    std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    if (answered_ < received_) {
      Acknowledge();
    } else if (ended_) {
      Finish(grpc::Status::OK);
    }
  }

  void OnDone() override { delete this; }

 private:
  void Acknowledge() {
    answered_ = received_;
    outgoing_.mutable_ack()->set_sequence(received_);
    Write();
  }
  void Write() {
    writing_ = true;
    StartWrite(&outgoing_);
  }

  std::mutex mutex_;
  v1::AgentMessage incoming_;
  v1::CollectorMessage outgoing_;
  uint64_t received_ = 0;
  uint64_t answered_ = 0;
  bool writing_ = false;
  bool ended_ = false;
};

class Service : public v1::Uplink::CallbackService {
  grpc::ServerBidiReactor<v1::AgentMessage, v1::CollectorMessage>* Connect(
      grpc::CallbackServerContext*) override {
    return new Answering;
  }
};

int Run(int argc, char** argv) {
  const std::string certs = Flag(argc, argv, "certs", ".");
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = ReadFile(certs + "/ca.pem");
  options.pem_key_cert_pairs = {{ReadFile(certs + "/key.pem"), ReadFile(certs + "/cert.pem")}};
  Service service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) Die("cannot listen");
  Print({{"port", port}});
  WaitForEndOfInput();
  server->Shutdown(std::chrono::system_clock::now());
  Print({{"cpu_s", CpuSeconds()}});
  return 0;
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
