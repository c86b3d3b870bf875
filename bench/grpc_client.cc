// grpc_client: gRPC alone as an agent: streams of batches, serialized beforehand, so that the
// sender costs as little as a sender can.
//   grpc_client send --certs DIR[,DIR...] --address HOST:PORT --seconds N
//   grpc_client idle --certs DIR --address HOST:PORT   one open stream; ends with its input
// One connection for each folder of certificates; the folder's name is the agent's name. The rate
// is that of acknowledged observations, from the first batch to the last acknowledgement.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>

#include "bench/report.h"
#include "bench/sample.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/wire/convert.h"
#include "postwatch/v1/uplink.pb.h"

namespace postwatch::bench {
namespace {

using grpc::ByteBuffer;
using grpc::Slice;

constexpr uint64_t kBatch = 64;  // both as an agent has them
constexpr uint64_t kWindow = 4;
constexpr const char* kMethod = "/postwatch.v1.Uplink/Connect";

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

ByteBuffer MakeHello(const std::string& agent) {
  v1::AgentMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_agent(agent);
  hello.set_region("bench");
  hello.set_network("net-" + agent);
  hello.set_resolver("192.0.2.53:53");
  hello.set_version("bench");
  hello.set_boot_id(RandomId());
  hello.set_spool_id(RandomId());
  const Slice slice(message.SerializeAsString());
  return ByteBuffer(&slice, 1);
}

std::string SerializeSamples() {
  v1::ObservationBatch batch;
  for (size_t i = 0; i < kBatch; ++i) *batch.add_observations() = ToProto(SampleObservation(i));
  return batch.SerializeAsString();
}

// An AgentMessage with a batch: its tag and length, the sequence number, then the observations.
ByteBuffer MakeBatch(uint64_t first_sequence, const Slice& observations) {
  std::string sequence = "\x08";
  AppendVarint(sequence, first_sequence);
  std::string head = "\x12";
  AppendVarint(head, sequence.size() + observations.size());
  const Slice slices[] = {Slice(head + sequence), observations};
  return ByteBuffer(slices, 2);
}

class Sender : public grpc::ClientBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  Sender(const std::string& certs, const std::string& address, double seconds)
      : observations_(SerializeSamples()), seconds_(seconds) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(certs + "/ca.pem");
    options.pem_private_key = ReadFile(certs + "/key.pem");
    options.pem_cert_chain = ReadFile(certs + "/cert.pem");
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection for each, as agents have
    const auto channel = grpc::CreateCustomChannel(address, grpc::SslCredentials(options), own);
    stub_ = std::make_unique<grpc::GenericStub>(channel);
    stub_->PrepareBidiStreamingCall(&context_, kMethod, grpc::StubOptions(), this);
    std::lock_guard<std::mutex> lock(mutex_);
    AddHold();
    outgoing_ = MakeHello(certs.substr(certs.rfind('/') + 1));
    writing_ = true;
    StartWrite(&outgoing_);
    StartRead(&incoming_);
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!ok) return;
    writing_ = false;
    Pump();
  }

  void OnReadDone(bool ok) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!ok) return;
    Slice slice;
    v1::CollectorMessage message;
    const bool whole = incoming_.DumpToSingleSlice(&slice).ok() &&
                       message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
    if (!whole) Die("not a collector's message");
    if (message.has_welcome()) {
      welcomed_ = true;
      start_ = end_ = WallSeconds();
      changed_.notify_all();
    } else if (message.has_ack()) {
      acknowledged_ = message.ack().sequence();
      end_ = WallSeconds();
    }
    Pump();
    StartRead(&incoming_);
  }

  void OnDone(const grpc::Status& status) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!status.ok()) Die(Concat("the stream ended: ", status.error_message()));
    done_ = true;
    changed_.notify_all();
  }

  void AwaitWelcome() { Await(welcomed_); }
  void AwaitEnd() { Await(done_); }
  double start() const { return start_; }
  double end() const { return end_; }
  uint64_t acknowledged() const { return acknowledged_; }
  size_t observation_bytes() const { return observations_.size() / kBatch; }

 private:
  void Await(const bool& condition) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&condition] { return condition; });
  }

  void Pump() {
    if (!welcomed_ || writing_ || over_ || seconds_ == 0) return;
    if (WallSeconds() - start_ >= seconds_) {
      if (acknowledged_ < sent_) return;
      over_ = true;
      StartWritesDone();
      RemoveHold();
      return;
    }
    if (sent_ - acknowledged_ >= kBatch * kWindow) return;
    outgoing_ = MakeBatch(sent_ + 1, observations_);
    sent_ += kBatch;
    writing_ = true;
    StartWrite(&outgoing_);
  }

  const Slice observations_;
  const double seconds_;  // 0: never sends a batch
  std::unique_ptr<grpc::GenericStub> stub_;
  grpc::ClientContext context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  ByteBuffer outgoing_, incoming_;
  uint64_t sent_ = 0;
  uint64_t acknowledged_ = 0;
  double start_ = 0;
  double end_ = 0;
  bool welcomed_ = false;
  bool writing_ = false;
  bool over_ = false;
  bool done_ = false;
};

int Send(const std::string& certs, const std::string& address, double seconds) {
  std::vector<std::unique_ptr<Sender>> senders;
  for (std::string_view folder : Split(certs, ',')) {
    senders.push_back(std::make_unique<Sender>(std::string(folder), address, seconds));
  }
  for (auto& sender : senders) sender->AwaitEnd();
  double first = senders.front()->start(), last = 0, total = 0;
  for (auto& sender : senders) {
    first = std::min(first, sender->start());
    last = std::max(last, sender->end());
    total += static_cast<double>(sender->acknowledged());
  }
  Print({{"rate", total / (last - first)},
         {"observations", total},
         {"bytes_each", static_cast<double>(senders.front()->observation_bytes())},
         {"cpu_s", CpuSeconds()}});
  return 0;
}

int Idle(const std::string& certs, const std::string& address) {
  Sender stream(certs, address, 0);
  stream.AwaitWelcome();
  Print({{"ready", 1}});
  WaitForEndOfInput();
  std::_Exit(0);  // with the stream open, as it was to be
}

int Run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const std::string certs = Flag(argc, argv, "certs", ".");
  const std::string address = Flag(argc, argv, "address", "");
  if (mode == "idle") return Idle(certs, address);
  if (mode != "send") Die("usage: grpc_client send|idle");
  return Send(certs, address, static_cast<double>(IntegerFlag(argc, argv, "seconds", 3)));
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Run(argc, argv); }
