// Enrolment fixture: a collector's port that enrols agents, over real gRPC on loopback, with all
// its certificates in files; and callers that may misbehave.
#pragma once

#include <atomic>
#include <filesystem>

#include "agent/join.h"
#include "common/pki/authorities.h"
#include "common/pki/certificate_request.h"
#include "common/pki/join_token.h"
#include "common/pki/revocation_list.h"
#include "common/wire/grpc_tls.h"
#include "postwatch/v1/enrollment.grpc.pb.h"
#include "tests/integration/ingest_fixture.h"
#include "tests/support/command_run.h"
#include "tests/support/test_folder.h"

namespace postwatch::collector {

// The machine's clocks, put forward.
class ForwardClock : public Clock {
 public:
  absl::Time Now() const override { return real_.Now() + absl::Seconds(seconds_.load()); }
  absl::Duration Steady() const override { return real_.Steady() + absl::Seconds(seconds_.load()); }
  void Put(absl::Duration forward) { seconds_ += absl::ToInt64Seconds(forward); }

 private:
  SystemClock real_;
  std::atomic<int64_t> seconds_ = 0;
};

class EnrolmentFixture : public testing::Test {
 protected:
  EnrolmentFixture() {
    WriteAuthority(Authority());
    WriteOwn(Authority());
    Revoke(RevocationList());
    CheckSpec spec;
    spec.id = kCheck;
    spec.kind = "smtp.mx";
    spec.target = "alpha.test";
    spec.provider = "own";
    spec.leg = Leg::kInbound;
    spec.settings = Settings::Map();
    EXPECT_TRUE(ingest.SetAssignment({spec}).ok());
    EnrolmentOptions enrolment{
        .ca_cert = folder / "ca.pem", .ca_key = folder / "ca.key", .lifetime = absl::Hours(1)};
    enrolment.spend_token = [this](const std::string& id, absl::Time expires, const auto& done) {
      const absl::Status asked =
          store.Run([=](Store& store) { done(store.SpendToken(id, expires)); });
      if (!asked.ok()) done(asked);
    };
    const absl::Status started = ingest.Start(
        "127.0.0.1:0", {.own = {folder / "ca.pem", folder / "own.pem", folder / "own.key"},
                        .crl = folder / "crl.pem",
                        .enrolment = enrolment});
    EXPECT_TRUE(started.ok()) << started;
  }
  ~EnrolmentFixture() override { ingest.Stop(absl::ZeroDuration()); }

  std::string address() const { return Concat("127.0.0.1:", ingest.port()); }

  // ca.pem, ca.key; `others` are trusted besides.
  void WriteAuthority(const IssuedCertificate& authority, std::string_view others = "") {
    EXPECT_TRUE(
        WriteIssuedCertificate({Concat(authority.certificate, others), authority.key.Clone()},
                               folder / "ca.pem", folder / "ca.key", Overwrite::kReplace)
            .ok());
  }
  void WriteOwn(const IssuedCertificate& authority) {
    const IdentityRequest request{
        {PeerRole::kCollector, "", ""}, {"collector.test"}, {"127.0.0.1"}, absl::Hours(1)};
    EXPECT_TRUE(WriteIssuedCertificate(*IssueIdentity(authority, request, absl::Now()),
                                       folder / "own.pem", folder / "own.key", Overwrite::kReplace)
                    .ok());
  }
  void Revoke(const RevocationList& list) {
    EXPECT_TRUE(WritePemFile(folder / "crl.pem", *list.Sign(Authority(), absl::Now()),
                             Readers::kEverybody, Overwrite::kReplace)
                    .ok());
  }

  static std::string Token(const std::string& agent, absl::Time made = absl::Now()) {
    return *MakeJoinToken(Authority(), Agent(agent), made, absl::Hours(1));
  }
  static std::string Hash() { return AuthorityHashes(Authority().certificate)[0]; }

  // `postwatch-agent join` into a folder of that name.
  CommandRun RunJoin(const std::string& where, const std::string& token,
                     std::vector<std::string> more = {}, const std::string& hash = Hash()) {
    std::vector<std::string> words = {address(),      "--token",     token,
                                      "--ca-hash",    hash,          "--dir",
                                      folder / where, "--state-dir", folder / (where + ".state")};
    words.insert(words.end(), more.begin(), more.end());
    return RunCommand(agent::RunJoin, words);
  }
  IssuedCertificate Joined(const std::string& where) const {
    auto issued = LoadIssuedCertificate(folder / (where + "/agent/cert.pem"),
                                        folder / (where + "/agent/key.pem"));
    EXPECT_TRUE(issued.ok()) << issued.status();
    return *std::move(issued);
  }

  // Calls of who may do as he likes. `own` empty: without a certificate.
  std::unique_ptr<v1::Enrollment::Stub> Stub(const IssuedCertificate& own = {}) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxSendMessageSize(-1);
    return v1::Enrollment::NewStub(grpc::CreateCustomChannel(
        address(),
        ClientTls({Authority().certificate, own.certificate, std::string(own.key.Reveal())}),
        arguments));
  }
  grpc::Status Join(const std::string& token, const std::string& asking) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::JoinRequest request;
    request.set_token(token);
    request.set_certificate_request(asking);
    v1::JoinReply reply;
    return Stub()->Join(&context, request, &reply);
  }
  grpc::Status Renew(const IssuedCertificate& own, v1::RenewReply* reply) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::RenewRequest request;
    request.set_certificate_request(*MakeCertificateRequest(*MakeKey()));
    return Stub(own)->Renew(&context, request, reply);
  }
  std::unique_ptr<Caller> Call(const IssuedCertificate& own) const {
    return std::make_unique<Caller>(ingest.port(), own, Authority().certificate);
  }
  // The time that must pass before the files are looked at again.
  void LookAgain() {
    clock.Put(absl::Seconds(5));
    ingest.Refresh();
  }

  const TestFolder folder;
  std::unique_ptr<FakeStore> owned =
      std::make_unique<FakeStore>(OpenSqliteStore(":memory:").value());
  FakeStore* fake = owned.get();
  StoreThread store{std::move(owned)};
  Diary diary{store};
  ForwardClock clock;
  std::atomic<bool> ready = true;
  Ingest ingest{diary, clock, {.version = "0.1.0", .ready = [this] { return ready.load(); }}};
};

}  // namespace postwatch::collector
