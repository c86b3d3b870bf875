#include "agent/certificate_answer.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/pki/ca.h"

namespace postwatch::agent {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00 UTC
const PeerIdentity kOwn{PeerRole::kAgent, "eu", "fra1"};

const IssuedCertificate& Authority() {
  static const auto* authority = new absl::StatusOr<IssuedCertificate>(
      MakeAuthority("ca", kNow - absl::Hours(1), absl::Hours(10000)));
  return **authority;
}

IssuedCertificate Issue(const PeerIdentity& identity = kOwn) {
  return *IssueIdentity(Authority(), {.identity = identity, .lifetime = absl::Hours(24)}, kNow);
}

TEST(CertificateAnswer, IsTakenWhenAllFits) {
  const IssuedCertificate issued = Issue();
  EXPECT_TRUE(
      CheckAnswer({Authority().certificate, issued.certificate}, issued.key, kOwn, kNow).ok());
}

TEST(CertificateAnswer, AnythingElseIsRefusedByName) {
  const IssuedCertificate issued = Issue();
  const IssuedCertificate other = Issue({PeerRole::kAgent, "eu", "fra2"});
  const auto stranger = MakeAuthority("ca", kNow, absl::Hours(1000));
  const auto why = [&](const std::string& authorities, const std::string& certificate,
                       const Secret& key, absl::Time now) {
    const absl::Status status = CheckAnswer({authorities, certificate}, key, kOwn, now);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  const std::string& ca = Authority().certificate;
  EXPECT_EQ(why(ca, "", issued.key, kNow).substr(0, 34), "the collector issued no identity: ");
  EXPECT_EQ(why(ca, other.certificate, other.key, kNow),
            "the collector issued the certificate of somebody else");
  EXPECT_EQ(why(ca, issued.certificate, other.key, kNow),
            "the collector issued a certificate for another key");
  EXPECT_EQ(
      why(stranger->certificate, issued.certificate, issued.key, kNow),
      "the collector issued a certificate that is no good here: the certificate is of another "
      "authority; is this machine's clock right?");
  EXPECT_EQ(
      why(ca, issued.certificate, issued.key, kNow + absl::Hours(48)),
      "the collector issued a certificate that is no good here: the certificate has ended, or "
      "is not valid yet; is this machine's clock right?");
}

TEST(CertificateAnswer, TheLifeOfACertificateHasItsTimes) {
  IdentityCertificate certificate;
  certificate.not_before = kNow;
  certificate.not_after = kNow + absl::Hours(24);
  EXPECT_EQ(RenewAt(certificate), kNow + absl::Hours(16));
  EXPECT_EQ(WorryAt(certificate), kNow + absl::Hours(20));
  EXPECT_EQ(ReconnectAt(certificate), kNow + absl::Hours(22));
}

}  // namespace
}  // namespace postwatch::agent
