// The HTTP client and the undemanding handshake on real sockets.
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <fstream>
#include <optional>

#include "agent/probes/failure_mapping.h"
#include "common/http/http_exchange.h"
#include "common/net/dialer.h"
#include "tests/support/run_task.h"
#include "tests/support/test_ca.h"
#include "tests/support/test_folder.h"
#include "tests/support/test_server.h"

namespace postwatch {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(5);

struct Visit {
  absl::Status status;
  std::optional<TlsFacts> facts;
  HttpAnswer answer;
};

Task<Visit> Fetch(Address address, TlsSettings settings, bool tls) {
  Visit visit;
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  auto stream = co_await dialer->Dial(address, kLimit);
  visit.status = stream.status();
  if (!stream.ok()) co_return visit;
  (*stream)->SetTimeout(kLimit);
  if (tls) {
    visit.status = co_await (*stream)->StartTls(settings);
    if ((*stream)->tls() != nullptr) visit.facts = *(*stream)->tls();
    if (!visit.status.ok()) co_return visit;
  }
  HttpQuestion question;
  question.authority = "mx.example";
  const HttpLimits limits;
  absl::StatusOr<HttpAnswer> answer = co_await ExchangeHttp(**stream, question, limits);
  visit.status = answer.status();
  if (answer.ok()) visit.answer = *std::move(answer);
  co_return visit;
}

void Answer(TestPeer& peer, std::string_view text) {
  while (!peer.ReceiveLine().empty()) {
  }
  peer.Send(text);
  peer.Close();
}

TlsSettings Trusting(const TestCa& ca) {
  const TestFolder folder;
  std::ofstream(folder / "ca.pem") << ca.pem();
  TlsSettings settings;
  settings.server_name = "mx.example";
  settings.trust = *TrustStore::FromFile(folder / "ca.pem");
  return settings;
}

// An end without close_notify, as many servers do it, is the end of the body.
TEST(WebClient, ABodyUntilTheCloseComesWholeInTheClearAndUnderTls) {
  const std::string body(50000, 'x');
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body;
  const TestCa ca("Test Root");
  const TestCertificate certificate = ca.Issue({});
  for (const bool tls : {false, true}) {
    TestServer server([&](TestPeer& peer) {
      if (tls && !peer.StartTls(certificate)) return;
      Answer(peer, text);
    });
    const Visit visit = RunTask(Fetch(server.address(), Trusting(ca), tls));
    ASSERT_TRUE(visit.status.ok()) << visit.status;
    EXPECT_EQ(visit.answer.status, 200);
    EXPECT_EQ(visit.answer.body, body);
  }
}

TEST(WebClient, AnUndemandingHandshakeShowsWhatAnOldServerHas) {
  const TestCa ca("Test Root");
  TestCertificateOptions options;
  options.rsa_bits = 1024;
  const TestCertificate certificate = ca.Issue(options);
  TestServer server([&](TestPeer& peer) {
    if (!peer.StartTls(certificate, ServerTls::kOnlyTls10)) return;
    Answer(peer, "HTTP/1.1 204 No Content\r\n\r\n");
  });
  TlsSettings settings = Trusting(ca);
  settings.require_verified = false;
  settings.diagnostic = true;
  const Visit visit = RunTask(Fetch(server.address(), settings, true));
  ASSERT_TRUE(visit.status.ok()) << visit.status;
  ASSERT_TRUE(visit.facts.has_value());
  EXPECT_EQ(visit.facts->version, "TLSv1");
  EXPECT_EQ(visit.facts->chain[0].key_bits, 1024);
  EXPECT_FALSE(visit.facts->chain[0].der.empty());
  EXPECT_FALSE(visit.facts->chain[0].spki.empty());
  // It is judged by the usual demands all the same.
  EXPECT_EQ(visit.facts->verify_error, X509_V_ERR_EE_KEY_TOO_SMALL);
}

std::string_view ClassOf(const TestCertificate& certificate, const TestCa& trusted) {
  TestServer server([&](TestPeer& peer) {
    if (peer.StartTls(certificate)) peer.WaitForClose();
  });
  const Visit visit = RunTask(Fetch(server.address(), Trusting(trusted), true));
  EXPECT_TRUE(visit.facts.has_value()) << visit.status;
  return visit.facts.has_value() ? FailureClassName(agent::TlsFailureClass(*visit.facts)) : "";
}

TEST(WebClient, AMissingIntermediateIsToldFromARootNobodyTrusts) {
  const TestCa root("Test Root");
  const TestCa authority = root.MakeIntermediate("Test Authority");
  const TestCa stranger("Stranger");
  EXPECT_EQ(ClassOf(authority.Issue({}, false), root), "tls_missing_intermediate");
  TestCertificate wrong = authority.Issue({}, false);
  wrong.chain += root.pem();
  EXPECT_EQ(ClassOf(wrong, root), "tls_missing_intermediate");
  wrong = authority.Issue({}, false);
  wrong.chain += stranger.pem();
  EXPECT_EQ(ClassOf(wrong, root), "tls_missing_intermediate");
  EXPECT_EQ(ClassOf(authority.Issue({}, true), stranger), "tls_untrusted_root");
  TestCertificate whole = authority.Issue({}, true);
  whole.chain += root.pem();
  EXPECT_EQ(ClassOf(whole, stranger), "tls_untrusted_root");
  EXPECT_EQ(ClassOf(TestCa::SelfSigned({}), root), "tls_self_signed");
}

}  // namespace
}  // namespace postwatch
