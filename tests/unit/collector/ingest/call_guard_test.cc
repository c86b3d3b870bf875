#include "collector/ingest/call_guard.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <gtest/gtest.h>

#include "common/pki/ca.h"
#include "tests/support/shared_clock.h"

namespace postwatch::collector {
namespace {

struct NoProperties : grpc::AuthPropertyIterator {};

// What gRPC knows of a peer: the certificate that it has shown, if any.
class ShownContext : public grpc::AuthContext {
 public:
  explicit ShownContext(std::string certificate) : certificate_(std::move(certificate)) {}

  bool IsPeerAuthenticated() const override { return !certificate_.empty(); }
  std::vector<grpc::string_ref> GetPeerIdentity() const override { return {}; }
  std::string GetPeerIdentityPropertyName() const override { return ""; }
  std::vector<grpc::string_ref> FindPropertyValues(const std::string& name) const override {
    if (name != GRPC_X509_PEM_CERT_PROPERTY_NAME || certificate_.empty()) return {};
    return {certificate_};
  }
  grpc::AuthPropertyIterator begin() const override { return NoProperties(); }
  grpc::AuthPropertyIterator end() const override { return NoProperties(); }
  void AddProperty(const std::string&, const grpc::string_ref&) override {}
  bool SetPeerIdentityPropertyName(const std::string&) override { return false; }

 private:
  const std::string certificate_;
};

class CallGuardTest : public testing::Test {
 protected:
  grpc::StatusCode Call(const std::string& path, const std::string& certificate) {
    ShownContext context(certificate);
    const grpc::AuthMetadataProcessor::InputMetadata metadata = {{":path", path}};
    return guard_->Process(metadata, &context, nullptr, nullptr).error_code();
  }
  std::string Certificate(const std::string& agent) {
    const IdentityRequest request{.identity = {PeerRole::kAgent, "eu", agent},
                                  .lifetime = absl::Hours(24)};
    return IssueIdentity(authority_, request, clock_.Now())->certificate;
  }

  SharedClock clock_;
  const IssuedCertificate authority_ =
      *MakeAuthority("ca", clock_.Now() - absl::Hours(1), absl::Hours(1000));
  PeerGate gate_;
  const std::shared_ptr<grpc::AuthMetadataProcessor> guard_ = MakeCallGuard(gate_, clock_);
};

TEST_F(CallGuardTest, StrangersMayJoinAndNothingElse) {
  EXPECT_EQ(Call("/postwatch.v1.Enrollment/Join", ""), grpc::StatusCode::OK);
  for (const char* path :
       {"/postwatch.v1.Enrollment/Renew", "/postwatch.v1.Uplink/Connect",
        "/grpc.health.v1.Health/Check", "/postwatch.v1.Enrollment/Join/", "/no.Such/Call", ""}) {
    EXPECT_EQ(Call(path, ""), grpc::StatusCode::UNAUTHENTICATED) << path;
    EXPECT_EQ(Call(path, Certificate("fra1")), grpc::StatusCode::OK) << path;
  }
  ShownContext nobody("");
  EXPECT_EQ(guard_->Process({}, &nobody, nullptr, nullptr).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(CallGuardTest, WhoIsRevokedOrLateIsAStranger) {
  const std::string certificate = Certificate("fra1");
  RevocationList list;
  list.RevokeAgent("fra1", clock_.Now());
  gate_.AddRevocations(list);
  EXPECT_EQ(Call("/a.New/Service", certificate), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Call("/postwatch.v1.Uplink/Connect", certificate), grpc::StatusCode::OK)
      << "it counts and logs them itself";
  const std::string other = Certificate("fra2");
  EXPECT_EQ(Call("/a.New/Service", other), grpc::StatusCode::OK);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Call("/a.New/Service", other), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace postwatch::collector
