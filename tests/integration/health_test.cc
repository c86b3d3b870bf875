// grpc.health.v1 on the port that agents come to: over real gRPC, with certificates and without.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/enrolment_fixture.h"

namespace postwatch::collector {
namespace {

namespace health = grpc::health::v1;
using health::HealthCheckResponse;

constexpr int kMaxWatchers = 64;
constexpr int kStreamsPerConnection = 4;

class Watch {
 public:
  Watch(health::Health::Stub& stub, const std::string& service) {
    health::HealthCheckRequest request;
    request.set_service(service);
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    reader_ = stub.Watch(&context_, request);
  }
  // What comes next; -1 when nothing does any more.
  int Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? response.status() : -1;
  }
  grpc::StatusCode End() {
    while (Next() != -1) {
    }
    return reader_->Finish().error_code();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

class HealthTest : public EnrolmentFixture {
 protected:
  // `own` empty: without a certificate.
  std::unique_ptr<health::Health::Stub> Peer(const IssuedCertificate& own = {}) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return health::Health::NewStub(grpc::CreateCustomChannel(
        address(),
        ClientTls({Authority().certificate, own.certificate, std::string(own.key.Reveal())}),
        arguments));
  }
  // The status as a number, or minus the code of gRPC.
  static int Check(health::Health::Stub& stub, const std::string& service) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    health::HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = stub.Check(&context, request, &response);
    return status.ok() ? response.status() : -status.error_code();
  }

  std::unique_ptr<health::Health::Stub> peer = Peer(Issue(Authority(), Agent("fra1")));
};

TEST_F(HealthTest, SaysWhetherTheCollectorIsReady) {
  EXPECT_EQ(Check(*peer, ""), HealthCheckResponse::SERVING);
  EXPECT_EQ(Check(*peer, "postwatch.v1.Uplink"), HealthCheckResponse::SERVING);
  EXPECT_EQ(Check(*peer, "postwatch.v1.Downlink"), -grpc::StatusCode::NOT_FOUND);
  ready = false;
  EXPECT_EQ(Check(*peer, ""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check(*peer, "postwatch.v1.Uplink"), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check(*peer, "postwatch.v1.Downlink"), -grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthTest, TellsThoseWhoWatchWhenItChanges) {
  Watch watch(*peer, "postwatch.v1.Uplink");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  ready = false;
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  ready = true;
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, AServiceThatIsNotHereMayBeWatchedAndStaysUnknown) {
  Watch watch(*peer, "postwatch.v1.Downlink");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  ready = false;
  Watch other(*peer, "");
  EXPECT_EQ(other.Next(), HealthCheckResponse::NOT_SERVING);
  ingest.Drain(absl::ZeroDuration());
  EXPECT_EQ(watch.Next(), -1);
}

TEST_F(HealthTest, NobodyWithoutACertificateLearnsAnything) {
  const auto stranger = Peer();
  EXPECT_EQ(Check(*stranger, ""), -grpc::StatusCode::UNAUTHENTICATED);
  Watch watch(*stranger, "");
  EXPECT_EQ(watch.Next(), -1);
  EXPECT_EQ(watch.End(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(HealthTest, WhoseCertificateIsRevokedLearnsNothingMore) {
  Watch watch(*peer, "");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  RevocationList revoked;
  revoked.RevokeAgent("fra1", absl::Now() + absl::Seconds(1));
  Revoke(revoked);
  LookAgain();
  EXPECT_EQ(watch.Next(), -1);
  EXPECT_EQ(watch.End(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Check(*peer, ""), -grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(HealthTest, ACollectorThatStopsSaysSoAndSendsWatchersAway) {
  Watch watch(*peer, "");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  ingest.Drain(absl::ZeroDuration());
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(watch.End(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Check(*peer, ""), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthTest, ThoseWhoWatchAreBounded) {
  const IssuedCertificate own = Issue(Authority(), Agent("fra1"));
  std::vector<std::unique_ptr<health::Health::Stub>> connections;
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < kMaxWatchers; ++i) {
    if (i % kStreamsPerConnection == 0) connections.push_back(Peer(own));
    watches.push_back(std::make_unique<Watch>(*connections.back(), ""));
    ASSERT_EQ(watches.back()->Next(), HealthCheckResponse::SERVING) << i;
  }
  EXPECT_EQ(Watch(*peer, "").End(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Check(*peer, ""), HealthCheckResponse::SERVING);
  ingest.Drain(absl::ZeroDuration());
  for (const auto& watch : watches) EXPECT_EQ(watch->End(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace postwatch::collector
