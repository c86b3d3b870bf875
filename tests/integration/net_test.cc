// Streams on real sockets against servers that behave: dialling, TLS, what certificates show.
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "common/net/dialer.h"
#include "common/net/event_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/test_ca.h"
#include "tests/support/test_server.h"

namespace postwatch {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(5);

// Everything one TLS session left behind.
struct Session {
  absl::Status status;
  TlsFacts facts;
  bool has_facts = false;
  std::string line;
};

Task<Session> RunTlsSession(Address address, TlsSettings settings) {
  Session session;
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLimit);
  session.status = stream.status();
  if (!stream.ok()) co_return session;
  (*stream)->SetTimeout(kLimit);
  session.status = co_await (*stream)->StartTls(settings);
  session.has_facts = (*stream)->tls() != nullptr;
  if (session.has_facts) session.facts = *(*stream)->tls();
  if (!session.status.ok()) co_return session;
  auto line = co_await (*stream)->ReadLine(512);
  session.status = line.status();
  if (line.ok()) session.line = *line;
  co_return session;
}

// A server with TLS from the first byte that says one line; the client knows it as mx.example.
Session Meet(const TestCertificate& certificate, std::shared_ptr<const TrustStore> trust,
             bool require_verified, std::string name = "mx.example", std::string* sni = nullptr,
             ServerTls mode = ServerTls::kModern) {
  Session session;
  {
    TestServer server([&](TestPeer& peer) {
      if (!peer.StartTls(certificate, mode)) return;
      if (sni != nullptr) *sni = peer.sni();
      peer.Send("220 mx.example\r\n");
      peer.WaitForClose();
    });
    TlsSettings settings;
    settings.server_name = std::move(name);
    settings.trust = std::move(trust);
    settings.require_verified = require_verified;
    session = RunTask(RunTlsSession(server.address(), settings));
  }
  return session;
}

TEST(Tls, TrustedPeer) {
  const TestCa ca("Test Root");
  std::string sni;
  TestCertificateOptions options;
  options.dns_names = {"mx.example", "*.mail.example"};
  const Session session = Meet(ca.Issue(options), TrustIn(ca), true, "mx.example.", &sni);
  ASSERT_TRUE(session.status.ok()) << session.status;
  EXPECT_EQ(session.line, "220 mx.example");
  EXPECT_EQ(sni, "mx.example");
  EXPECT_TRUE(session.facts.verified);
  EXPECT_TRUE(session.facts.name_matches);
  EXPECT_EQ(session.facts.verify_error, X509_V_OK);
  EXPECT_EQ(session.facts.version, "TLSv1.3");
  ASSERT_EQ(session.facts.chain.size(), 1u);
  const CertificateFacts& leaf = session.facts.chain[0];
  EXPECT_EQ(leaf.subject, "CN=mx.example");
  EXPECT_EQ(leaf.issuer, "CN=Test Root");
  EXPECT_EQ(leaf.dns_names, options.dns_names);
  EXPECT_EQ(leaf.key_bits, 256);
  EXPECT_EQ(leaf.sha256.size(), 64u);
  EXPECT_FALSE(leaf.self_signed);
  EXPECT_EQ(leaf.not_after, absl::FromTimeT(absl::ToTimeT(options.not_after)));
}

TEST(Tls, ExpiredLeaf) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.not_before = absl::Now() - absl::Hours(48);
  options.not_after = absl::Now() - absl::Hours(24);
  const Session session = Meet(ca.Issue(options), TrustIn(ca), true);
  EXPECT_EQ(GetNetError(session.status), NetError::kTlsUntrusted);
  ASSERT_TRUE(session.has_facts);
  EXPECT_EQ(session.facts.verify_error, X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(session.facts.verify_depth, 0);
  EXPECT_EQ(session.facts.verify_text, "certificate has expired");
  EXPECT_TRUE(session.facts.name_matches);
  EXPECT_LT(session.facts.chain[0].not_after, absl::Now());
}

TEST(Tls, NotYetValidLeaf) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.not_before = absl::Now() + absl::Hours(1);
  const Session session = Meet(ca.Issue(options), TrustIn(ca), true);
  EXPECT_EQ(session.facts.verify_error, X509_V_ERR_CERT_NOT_YET_VALID);
}

TEST(Tls, WrongName) {
  const TestCa ca("Test Root");
  const Session session = Meet(ca.Issue({}), TrustIn(ca), true, "imap.example");
  EXPECT_EQ(GetNetError(session.status), NetError::kTlsUntrusted);
  EXPECT_EQ(session.facts.verify_error, X509_V_OK);
  EXPECT_FALSE(session.facts.name_matches);
  EXPECT_FALSE(session.facts.verified);
  EXPECT_NE(session.status.message().find("does not cover imap.example but mx.example"),
            absl::string_view::npos)
      << session.status;
}

TEST(Tls, CommonNameIsNoName) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.dns_names = {"mx.example"};
  TestCertificateOptions only_cn = options;
  only_cn.dns_names = {};
  only_cn.ips = {"192.0.2.1"};
  EXPECT_FALSE(Meet(ca.Issue(only_cn), TrustIn(ca), true, "no-name").facts.name_matches);
}

TEST(Tls, WildcardsCoverOneWholeLabel) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.dns_names = {"*.mail.example", "mx*.example"};
  const TestCertificate certificate = ca.Issue(options);
  const auto trust = TrustIn(ca);
  EXPECT_TRUE(Meet(certificate, trust, false, "a.mail.example").facts.name_matches);
  EXPECT_FALSE(Meet(certificate, trust, false, "a.b.mail.example").facts.name_matches);
  EXPECT_FALSE(Meet(certificate, trust, false, "mx1.example").facts.name_matches);
}

TEST(Tls, IpAddressIsMatchedAsSuchAndSendsNoSni) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.ips = {"127.0.0.1"};
  std::string sni = "unset";
  const Session session = Meet(ca.Issue(options), TrustIn(ca), true, "127.0.0.1", &sni);
  EXPECT_TRUE(session.status.ok()) << session.status;
  EXPECT_EQ(sni, "");
}

TEST(Tls, SelfSignedLeaf) {
  const TestCa ca("Test Root");
  const Session session = Meet(TestCa::SelfSigned({}), TrustIn(ca), true);
  EXPECT_EQ(GetNetError(session.status), NetError::kTlsUntrusted);
  EXPECT_EQ(session.facts.verify_error, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  EXPECT_TRUE(session.facts.chain[0].self_signed);
  EXPECT_TRUE(session.facts.name_matches);
}

TEST(Tls, UntrustedRoot) {
  const TestCa trusted("Test Root");
  const TestCa other("Other Root");
  const Session session = Meet(other.Issue({}, true), TrustIn(trusted), true);
  EXPECT_EQ(GetNetError(session.status), NetError::kTlsUntrusted);
  EXPECT_EQ(session.facts.verify_error, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
  EXPECT_EQ(session.facts.verify_depth, 1);
  EXPECT_EQ(session.facts.chain.size(), 2u);
}

TEST(Tls, MissingIntermediate) {
  const TestCa root("Test Root");
  const TestCa intermediate = root.MakeIntermediate("Test Intermediate");
  const Session whole = Meet(intermediate.Issue({}, true), TrustIn(root), true);
  EXPECT_TRUE(whole.status.ok()) << whole.status;
  EXPECT_EQ(whole.facts.chain.size(), 2u);
  const Session session = Meet(intermediate.Issue({}), TrustIn(root), true);
  EXPECT_EQ(GetNetError(session.status), NetError::kTlsUntrusted);
  EXPECT_EQ(session.facts.verify_error, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT_EQ(session.facts.chain.size(), 1u);
  EXPECT_EQ(session.facts.chain[0].issuer, "CN=Test Intermediate");
}

TEST(Tls, WeakKeyIsAFactAndNoBrokenHandshake) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.rsa_bits = 1024;
  const Session session = Meet(ca.Issue(options), TrustIn(ca), false);
  EXPECT_TRUE(session.status.ok()) << session.status;
  EXPECT_EQ(session.facts.verify_error, X509_V_ERR_EE_KEY_TOO_SMALL);
  EXPECT_EQ(session.facts.chain[0].key_bits, 1024);
}

TEST(Tls, AStapleIsAskedForAndSeen) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.must_staple = true;
  TestCertificate certificate = ca.Issue(options);
  const Session without = Meet(certificate, TrustIn(ca), true);
  EXPECT_TRUE(without.status.ok()) << without.status;
  EXPECT_TRUE(without.facts.chain[0].must_staple);
  EXPECT_FALSE(without.facts.stapled);
  certificate.staple = "a response";
  const Session with = Meet(certificate, TrustIn(ca), true);
  EXPECT_TRUE(with.status.ok()) << with.status;
  EXPECT_TRUE(with.facts.stapled);
}

TEST(Tls, DistrustIsOnlyRecordedWhenNotRequired) {
  const Session session = Meet(TestCa::SelfSigned({}), nullptr, false);
  EXPECT_TRUE(session.status.ok()) << session.status;
  EXPECT_EQ(session.line, "220 mx.example");
  EXPECT_FALSE(session.facts.verified);
}

TEST(Tls, ServerThatOnlySpeaksTls10) {
  const TestCa ca("Test Root");
  const Session session =
      Meet(ca.Issue({}), TrustIn(ca), false, "mx.example", nullptr, ServerTls::kOnlyTls10);
  EXPECT_EQ(GetNetError(session.status), NetError::kTlsVersion) << session.status;
  EXPECT_FALSE(session.has_facts);
}

TEST(Tls, ChainIsCutAtSixteen) {
  const TestCa ca("Test Root");
  TestCertificate certificate = ca.Issue({});
  for (int i = 0; i < 20; ++i) certificate.chain += ca.pem();
  const Session session = Meet(certificate, TrustIn(ca), true);
  EXPECT_TRUE(session.status.ok()) << session.status;
  EXPECT_EQ(session.facts.chain.size(), 16u);
}

Task<absl::Status> StartTlsSession(Address address, TlsSettings settings, std::string& last) {
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLimit);
  if (!stream.ok()) co_return stream.status();
  absl::Status status = co_await (*stream)->Write("STARTTLS\r\n");
  if (!status.ok()) co_return status;
  auto line = co_await (*stream)->ReadLine(512);
  if (!line.ok()) co_return line.status();
  status = co_await (*stream)->StartTls(settings);
  if (!status.ok()) co_return status;
  status = co_await (*stream)->Write("EHLO probe.example\r\n");
  if (!status.ok()) co_return status;
  line = co_await (*stream)->ReadLine(512);
  if (!line.ok()) co_return line.status();
  auto rest = co_await (*stream)->ReadExactly(5);
  if (!rest.ok()) co_return rest.status();
  last = *line + "|" + *rest;
  // The server drops the connection without close_notify: an end like any other.
  line = co_await (*stream)->ReadLine(512);
  co_return line.status();
}

TEST(Tls, UpgradesInPlace) {
  const TestCa ca("Test Root");
  std::string first;
  std::string second;
  std::string last;
  absl::Status status;
  {
    TestServer server([&](TestPeer& peer) {
      first = peer.ReceiveLine();
      peer.Send("220 go\r\n");
      if (!peer.StartTls(ca.Issue({}))) return;
      second = peer.ReceiveLine();
      peer.Send("250 mx.example\r\nbytes");
    });
    TlsSettings settings;
    settings.server_name = "mx.example";
    settings.trust = TrustIn(ca);
    status = RunTask(StartTlsSession(server.address(), settings, last));
  }
  EXPECT_EQ(first, "STARTTLS");
  EXPECT_EQ(second, "EHLO probe.example");
  EXPECT_EQ(last, "250 mx.example|bytes");
  EXPECT_EQ(GetNetError(status), NetError::kClosed) << status;
}

Task<absl::Status> DialOnly(Address address, absl::Duration timeout) {
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, timeout);
  co_return stream.status();
}

TEST(TcpDialer, Refused) {
  const absl::Status status = RunTask(DialOnly(RefusingAddress(), kLimit));
  EXPECT_EQ(GetNetError(status), NetError::kRefused) << status;
}

TEST(TcpDialer, NoAnswer) {
  const FullListener listener;
  const absl::Status status = RunTask(DialOnly(listener.address(), absl::Milliseconds(30)));
  EXPECT_EQ(GetNetError(status), NetError::kTimeout) << status;
}

TEST(TcpDialer, NotAnAddress) {
  const absl::Status status = RunTask(DialOnly(Address{"mx.example", 25}, kLimit));
  EXPECT_EQ(GetNetError(status), NetError::kOther);
}

TEST(TrustStore, NamesTheFileThatIsNone) {
  const auto trust = TrustStore::FromFile("/nonexistent/ca.pem");
  EXPECT_EQ(trust.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(trust.status().message().find("/nonexistent/ca.pem"), absl::string_view::npos);
}

TEST(TrustStore, TheSystemsLoads) { EXPECT_TRUE(TrustStore::System().ok()); }

Task<absl::Duration> SleepFor(EventClock& clock, absl::Duration duration) {
  const absl::Duration start = clock.Steady();
  absl::Status slept = co_await clock.SleepFor(duration);
  EXPECT_TRUE(slept.ok()) << slept;
  co_return clock.Steady() - start;
}

TEST(SystemEventClock, SleepsAtLeastAsLongAsAsked) {
  const std::unique_ptr<EventClock> clock = MakeSystemEventClock();
  EXPECT_GE(RunTask(SleepFor(*clock, absl::Milliseconds(5))), absl::Milliseconds(5));
}

}  // namespace
}  // namespace postwatch
