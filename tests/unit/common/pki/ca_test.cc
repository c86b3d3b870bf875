#include "common/pki/ca.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "common/pki/authorities.h"
#include "common/pki/certificate_request.h"
#include "common/pki/openssl_ptr.h"

namespace postwatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00 UTC
constexpr absl::Duration kYear = absl::Hours(24 * 365);

IssuedCertificate Authority() {
  auto authority = MakeAuthority("postwatch-ca", kNow, 10 * kYear);
  EXPECT_TRUE(authority.ok()) << authority.status();
  return *std::move(authority);
}

IdentityRequest AgentRequest() {
  IdentityRequest request;
  request.identity = {PeerRole::kAgent, "eu-west", "agent-1"};
  return request;
}

// Verifies `pem` against the authority for the given purpose; an X509_V_ code.
int Verify(const IssuedCertificate& authority, const std::string& pem, const char* purpose) {
  const CertificatePtr root = ReadCertificate(authority.certificate);
  const CertificatePtr leaf = ReadCertificate(pem);
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, root.get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
  X509_STORE_CTX_set_default(context, purpose);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), absl::ToTimeT(kNow));
  X509_verify_cert(context);
  const int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return error;
}

TEST(Ca, AnAgentsCertificateIsForClientsOnly) {
  const IssuedCertificate authority = Authority();
  const auto issued = IssueIdentity(authority, AgentRequest(), kNow);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_EQ(Verify(authority, issued->certificate, "ssl_client"), X509_V_OK);
  EXPECT_EQ(Verify(authority, issued->certificate, "ssl_server"), X509_V_ERR_INVALID_PURPOSE);
}

TEST(Ca, ACollectorsCertificateCoversItsNames) {
  const IssuedCertificate authority = Authority();
  IdentityRequest request;
  request.identity = {PeerRole::kCollector, "", ""};
  request.dns_names = {"collector.example"};
  request.ips = {"198.18.11.2", "2001:db8::1"};
  const auto issued = IssueIdentity(authority, request, kNow);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_EQ(Verify(authority, issued->certificate, "ssl_server"), X509_V_OK);
  const CertificatePtr leaf = ReadCertificate(issued->certificate);
  EXPECT_EQ(X509_check_host(leaf.get(), "collector.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "other.example", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "198.18.11.2", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "2001:db8::1", 0), 1);
}

TEST(Ca, KeyAndCertificateBelongTogetherAndAreNew) {
  const IssuedCertificate authority = Authority();
  const auto first = IssueIdentity(authority, AgentRequest(), kNow);
  const auto second = IssueIdentity(authority, AgentRequest(), kNow);
  const CertificatePtr certificate = ReadCertificate(first->certificate);
  const KeyPtr key = ReadPrivateKey(first->key);
  EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
  const KeyPtr other = ReadPrivateKey(second->key);
  EXPECT_EQ(X509_check_private_key(certificate.get(), other.get()), 0);
  const CertificatePtr again = ReadCertificate(second->certificate);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(certificate.get()),
                             X509_get0_serialNumber(again.get())),
            0);
}

TEST(Ca, AnotherAuthoritysCertificateDoesNotVerify) {
  const auto issued = IssueIdentity(Authority(), AgentRequest(), kNow);
  EXPECT_NE(Verify(Authority(), issued->certificate, "ssl_client"), X509_V_OK);
}

TEST(Ca, AnIdentityCannotSignAnother) {
  const IssuedCertificate authority = Authority();
  const auto agent = IssueIdentity(authority, AgentRequest(), kNow);
  const auto forged = IssueIdentity(*agent, AgentRequest(), kNow - absl::Hours(1));
  if (forged.ok()) {
    EXPECT_NE(Verify(authority, forged->certificate, "ssl_client"), X509_V_OK);
  }
}

TEST(Ca, RefusesNamesThatWouldAddToTheExtension) {
  const IssuedCertificate authority = Authority();
  IdentityRequest request;
  request.identity = {PeerRole::kCollector, "", ""};
  for (const char* name : {"a.example,URI:spiffe://postwatch/agent/x/y", "", "a..b", "-a.example",
                           "a b", "a.example\n"}) {
    request.dns_names = {name};
    EXPECT_EQ(IssueIdentity(authority, request, kNow).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
  request.dns_names = {};
  request.ips = {"collector.example"};
  EXPECT_EQ(IssueIdentity(authority, request, kNow).status().message(),
            "'collector.example' is no IP address");
  IdentityRequest agent = AgentRequest();
  agent.identity.name = "a/b";
  EXPECT_FALSE(IssueIdentity(authority, agent, kNow).ok());
}

TEST(Ca, RefusesToOutliveItsAuthority) {
  const auto authority = MakeAuthority("short", kNow, absl::Hours(24));
  IdentityRequest request = AgentRequest();
  request.lifetime = absl::Hours(48);
  EXPECT_EQ(IssueIdentity(*authority, request, kNow).status().code(),
            absl::StatusCode::kInvalidArgument);
  request.lifetime = absl::Hours(23);
  EXPECT_TRUE(IssueIdentity(*authority, request, kNow).ok());
}

TEST(Ca, RefusesLifetimesThatAreNone) {
  EXPECT_FALSE(MakeAuthority("ca", kNow, absl::ZeroDuration()).ok());
  EXPECT_FALSE(MakeAuthority("ca", kNow, absl::InfiniteDuration()).ok());
  EXPECT_FALSE(MakeAuthority("No Name", kNow, kYear).ok());
}

TEST(Ca, RefusesAKeyThatIsNotTheAuthoritys) {
  IssuedCertificate mixed{Authority().certificate, Authority().key.Clone()};
  const absl::Status status = IssueIdentity(mixed, AgentRequest(), kNow).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message().find("PRIVATE"), absl::string_view::npos);
}

TEST(Ca, FromARequestOnlyTheKeyIsTaken) {
  const IssuedCertificate authority = Authority();
  const Secret key = *MakeKey();
  const absl::Time enrolled = kNow - absl::Hours(30);
  IdentityRequest request = AgentRequest();
  request.lifetime = absl::Hours(720);
  request.enrolled = enrolled;
  const auto issued =
      IssueFromRequest(authority, *MakeCertificateRequest(key), std::move(request), kNow);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_EQ(Verify(authority, *issued, "ssl_client"), X509_V_OK);
  EXPECT_EQ(Verify(authority, *issued, "ssl_server"), X509_V_ERR_INVALID_PURPOSE);
  const CertificatePtr certificate = ReadCertificate(*issued);
  const KeyPtr own = ReadPrivateKey(key);
  EXPECT_EQ(X509_check_private_key(certificate.get(), own.get()), 1);
  const auto identity = ParseIdentityCertificate(*issued);
  EXPECT_EQ(identity->identity, AgentRequest().identity);
  EXPECT_EQ(identity->enrolled, enrolled);
  EXPECT_EQ(identity->not_after, kNow + absl::Hours(720));
}

TEST(Ca, FromARequestNothingOutlivesTheAuthority) {
  const auto authority = MakeAuthority("short", kNow, absl::Hours(24));
  const std::string asking = *MakeCertificateRequest(*MakeKey());
  const auto issued = IssueFromRequest(*authority, asking, AgentRequest(), kNow);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_EQ(ParseIdentityCertificate(*issued)->not_after, kNow + absl::Hours(24));
  EXPECT_EQ(IssueFromRequest(*authority, asking, AgentRequest(), kNow + absl::Minutes(1381))
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(IssueFromRequest(*authority, "x", AgentRequest(), kNow).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Ca, ACertificateCanBeAskedForAgain) {
  const IssuedCertificate authority = Authority();
  IdentityRequest request{{PeerRole::kCollector, "", ""},
                          {"collector.example", "pw.example"},
                          {"198.18.11.2", "2001:db8::1"},
                          absl::Hours(240)};
  const auto like = RequestLike(IssueIdentity(authority, request, kNow)->certificate);
  ASSERT_TRUE(like.ok()) << like.status();
  EXPECT_EQ(like->identity, request.identity);
  EXPECT_EQ(like->dns_names, request.dns_names);
  EXPECT_EQ(like->ips, request.ips);
  EXPECT_EQ(like->lifetime, request.lifetime);
  EXPECT_EQ(like->enrolled, absl::InfinitePast());
  EXPECT_FALSE(RequestLike(authority.certificate).ok());
}

}  // namespace
}  // namespace postwatch
