#include "collector/ingest/enrolment.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/text.h"
#include "common/pki/certificate_request.h"
#include "common/pki/join_token.h"
#include "tests/support/shared_clock.h"

namespace postwatch::collector {
namespace {

const PeerIdentity kAgent{PeerRole::kAgent, "eu", "fra1"};

class EnrolmentTest : public testing::Test {
 protected:
  std::string Token(const PeerIdentity& identity = kAgent) {
    return *MakeJoinToken(authority_, identity, clock_.Now(), absl::Hours(1));
  }
  static v1::JoinRequest Request(const std::string& token, const std::string& asking) {
    v1::JoinRequest request;
    request.set_token(token);
    request.set_certificate_request(asking);
    return request;
  }
  absl::StatusOr<v1::JoinReply> Join(const std::string& token, const std::string& asking) {
    absl::StatusOr<v1::JoinReply> answer = absl::UnknownError("no answer");
    // Each from elsewhere, so that the limit is met only by who looks for it.
    enrolment_.Join(Request(token, asking), Concat("192.0.2.", ++tries_),
                    [&answer](absl::StatusOr<v1::JoinReply> reply) { answer = std::move(reply); });
    return answer;
  }
  std::string Why(const std::string& token, const std::string& asking) {
    const auto answer = Join(token, asking);
    return answer.ok() ? "joined" : std::string(answer.status().message());
  }

  SharedClock clock_;
  const IssuedCertificate authority_ =
      *MakeAuthority("ca", clock_.Now() - absl::Hours(1), absl::Hours(10000));
  const std::string asking_ = *MakeCertificateRequest(*MakeKey());
  absl::Status keys_ = absl::OkStatus();
  absl::Status store_ = absl::OkStatus();
  std::set<std::string> spent_;
  PeerGate gate_;
  int tries_ = 0;
  Enrolment enrolment_{
      {[this]() -> absl::StatusOr<EnrolmentKeys> {
         if (!keys_.ok()) return keys_;
         return EnrolmentKeys{{authority_.certificate, authority_.key.Clone()}, "the authorities"};
       },
       [this](const std::string& id, absl::Time, const auto& done) {
         if (!store_.ok()) return done(store_);
         done(spent_.insert(id).second);
       }},
      absl::Hours(720),
      gate_,
      clock_};
};

TEST_F(EnrolmentTest, ATokenGivesTheCertificateOfItsAgent) {
  const auto answer = Join(Token(), asking_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->authorities(), "the authorities");
  const auto certificate = ParseIdentityCertificate(answer->certificate());
  EXPECT_EQ(certificate->identity, kAgent);
  EXPECT_EQ(certificate->enrolled, clock_.Now());
  EXPECT_EQ(certificate->not_after, clock_.Now() + absl::Hours(720));
}

TEST_F(EnrolmentTest, WithoutATokenOnlyTheAuthoritiesAreTold) {
  const auto answer = Join("", asking_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->authorities(), "the authorities");
  EXPECT_EQ(answer->certificate(), "");
}

TEST_F(EnrolmentTest, ATokenWorksOnce) {
  const std::string token = Token();
  ASSERT_TRUE(Join(token, asking_).ok());
  const auto again = Join(token, *MakeCertificateRequest(*MakeKey()));
  EXPECT_EQ(again.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(again.status().message(),
            "the token was used before. If that was not you, somebody else is agent fra1 now: "
            "`postwatch ca revoke agent fra1`, and give the agent a new token in a safer way");
}

TEST_F(EnrolmentTest, WhatIsRefusedDoesNotCostTheToken) {
  const std::string token = Token();
  EXPECT_EQ(Why(token, ""), "certificate request: it is missing");
  EXPECT_EQ(Why(token, "nonsense"), "certificate request: it is not PKCS #10 in DER");
  EXPECT_EQ(Why(token, std::string(4097, 'x')),
            "join.certificate_request: has 4097 bytes, allowed are 0 to 4096");
  EXPECT_EQ(Why(std::string(513, 'x'), asking_), "join.token: has 513 bytes, allowed are 0 to 512");
  store_ = absl::InternalError("disk full at /var/lib/x");
  const auto unwritten = Join(token, asking_);
  EXPECT_EQ(unwritten.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(unwritten.status().message().find("/var"), absl::string_view::npos);
  store_ = absl::OkStatus();
  keys_ = absl::NotFoundError("no /etc/ca.key");
  const auto keyless = Join(token, asking_);
  EXPECT_EQ(keyless.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(keyless.status().message().find("/etc"), absl::string_view::npos);
  keys_ = absl::OkStatus();
  EXPECT_EQ(Why(token, asking_), "joined");
}

TEST_F(EnrolmentTest, AnExpiredTokenIsRefused) {
  const std::string token = Token();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Join(token, asking_).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(EnrolmentTest, ATokenFromBeforeARevocationIsRefusedALaterOneIsNot) {
  const std::string before = Token();
  RevocationList list;
  list.RevokeAgent("fra1", clock_.Now());
  gate_.AddRevocations(list);
  EXPECT_EQ(Why(before, asking_), "agent fra1 was revoked after this token was made");
  EXPECT_TRUE(spent_.empty());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Why(Token(), asking_), "joined");
}

TEST_F(EnrolmentTest, WhoTriesTooOftenMustWait) {
  const auto code = [this](const std::string& from) {
    absl::StatusCode code = absl::StatusCode::kUnknown;
    enrolment_.Join(Request("nonsense", asking_), from,
                    [&code](const auto& reply) { code = reply.status().code(); });
    return code;
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code("198.51.100.1"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("198.51.100.1"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code("198.51.100.2"), absl::StatusCode::kInvalidArgument);
  clock_.Advance(absl::Seconds(6));
  EXPECT_EQ(code("198.51.100.1"), absl::StatusCode::kInvalidArgument);
}

TEST_F(EnrolmentTest, ARenewedCertificateIsForTheSameAgentOfTheSameLine) {
  const auto joined = ParseIdentityCertificate(Join(Token(), asking_)->certificate());
  clock_.Advance(absl::Hours(480));
  v1::RenewRequest request;
  request.set_certificate_request(*MakeCertificateRequest(*MakeKey()));
  const auto answer = enrolment_.Renew(request, *joined);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->authorities(), "the authorities");
  const auto renewed = ParseIdentityCertificate(answer->certificate());
  EXPECT_EQ(renewed->identity, kAgent);
  EXPECT_EQ(renewed->enrolled, joined->enrolled);
  EXPECT_EQ(renewed->not_after, clock_.Now() + absl::Hours(720));
}

TEST_F(EnrolmentTest, ShortLivesAreRenewedMoreOften) {
  const auto joined = ParseIdentityCertificate(Join(Token(), asking_)->certificate());
  EnrolmentSources sources;
  sources.keys = [this]() -> absl::StatusOr<EnrolmentKeys> {
    return EnrolmentKeys{{authority_.certificate, authority_.key.Clone()}, "the authorities"};
  };
  Enrolment brief(sources, absl::Minutes(2), gate_, clock_);
  v1::RenewRequest request;
  request.set_certificate_request(asking_);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(brief.Renew(request, *joined).ok());
  EXPECT_EQ(brief.Renew(request, *joined).status().code(), absl::StatusCode::kResourceExhausted);
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(brief.Renew(request, *joined).ok());
}

TEST_F(EnrolmentTest, RenewingHasBoundsToo) {
  const auto joined = ParseIdentityCertificate(Join(Token(), asking_)->certificate());
  v1::RenewRequest request;
  request.set_certificate_request(std::string(4097, 'x'));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(enrolment_.Renew(request, *joined).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(enrolment_.Renew(request, *joined).status().code(),
            absl::StatusCode::kResourceExhausted);
  clock_.Advance(absl::Minutes(10));
  request.set_certificate_request(asking_);
  EXPECT_TRUE(enrolment_.Renew(request, *joined).ok());
}

}  // namespace
}  // namespace postwatch::collector
