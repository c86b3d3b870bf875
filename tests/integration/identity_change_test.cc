// Certificates that end, are revoked or replaced while agents are connected, over real gRPC and
// TLS.
#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <fstream>

#include "tests/integration/enrolment_fixture.h"

namespace postwatch::collector {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
namespace asio = boost::asio;

struct Handshake {
  bool ok = false;
  std::string version;
  std::string certificate;  // PEM, of the server
};

// One with OpenSSL alone, without a client certificate.
Handshake ShakeHands(int port, int newest_version) {
  asio::io_context io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_verify_mode(asio::ssl::verify_none);
  SSL_CTX_set_max_proto_version(context.native_handle(), newest_version);
  asio::ssl::stream<asio::ip::tcp::socket> stream(io, context);
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
  const unsigned char h2[] = {2, 'h', '2'};
  SSL_set_alpn_protos(stream.native_handle(), h2, sizeof(h2));
  boost::system::error_code error;
  stream.handshake(asio::ssl::stream_base::client, error);
  Handshake out{!error, SSL_get_version(stream.native_handle())};
  const CertificatePtr peer(SSL_get1_peer_certificate(stream.native_handle()));
  if (peer != nullptr) out.certificate = ToPem(peer.get());
  return out;
}

class IdentityChange : public EnrolmentFixture {
 protected:
  bool Serves(const std::string& certificate) {
    for (int i = 0; i < 100; ++i) {
      ingest.Refresh();
      if (ShakeHands(ingest.port(), TLS1_3_VERSION).certificate == certificate) return true;
      absl::SleepFor(absl::Milliseconds(100));
    }
    return false;
  }
  std::string Read(const std::string& name) { return ReadPemFile(folder / name).value_or(""); }
};

TEST_F(IdentityChange, OnlyTls13IsSpoken) {
  const Handshake modern = ShakeHands(ingest.port(), TLS1_3_VERSION);
  EXPECT_TRUE(modern.ok);
  EXPECT_EQ(modern.version, "TLSv1.3");
  const Handshake old = ShakeHands(ingest.port(), TLS1_2_VERSION);
  EXPECT_FALSE(old.ok);
  EXPECT_EQ(old.certificate, "");
}

TEST_F(IdentityChange, ARevokedAgentIsCutOffAndCannotComeBack) {
  ASSERT_EQ(RunJoin("bad", Token("fra1")).code, 0);
  ASSERT_EQ(RunJoin("good", Token("fra2")).code, 0);
  const std::string unused = Token("fra1");
  std::unique_ptr<Caller> bad = Call(Joined("bad"));
  std::unique_ptr<Caller> good = Call(Joined("good"));
  bad->Enter("fra1");
  good->Enter("fra2");
  RevocationList list;
  list.RevokeAgent("fra1", absl::Now());
  Revoke(list);
  LookAgain();
  const grpc::Status end = bad->End();
  EXPECT_EQ(end.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(end.error_message(), HasSubstr("the certificate was revoked "));
  EXPECT_TRUE(diary.Await("gone fra1"));
  std::unique_ptr<Caller> back = Call(Joined("bad"));
  back->Hello("fra1");
  EXPECT_EQ(back->End().error_code(), StatusCode::UNAUTHENTICATED);
  v1::RenewReply reply;
  EXPECT_EQ(Renew(Joined("bad"), &reply).error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(RunJoin("c", unused).err, HasSubstr("was revoked after this token was made"));

  good->Heartbeat(7);
  EXPECT_TRUE(diary.Await("heard fra2 spooled 7"));
  ASSERT_EQ(RunJoin("bad", Token("fra1", absl::Now() + absl::Seconds(1)), {"--force"}).code, 0);
  EXPECT_EQ(Call(Joined("bad"))->Enter("fra1"), 0u);
}

TEST_F(IdentityChange, WhatAStolenKeyRenewedIsRevokedWithIt) {
  ASSERT_EQ(RunJoin("a", Token("fra1")).code, 0);
  const IssuedCertificate stolen = Joined("a");
  grpc::ClientContext context;
  v1::RenewRequest request;
  const Secret key = *MakeKey();
  request.set_certificate_request(*MakeCertificateRequest(key));
  v1::RenewReply reply;
  ASSERT_TRUE(Stub(stolen)->Renew(&context, request, &reply).ok());
  const IssuedCertificate renewed{reply.certificate(), key.Clone()};
  std::unique_ptr<Caller> thief = Call(renewed);
  thief->Enter("fra1");
  RevocationList list;
  list.RevokeAgent("fra1", absl::Now());
  Revoke(list);
  LookAgain();
  EXPECT_EQ(thief->End().error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Renew(renewed, &reply).error_code(), StatusCode::UNAUTHENTICATED);
}

TEST_F(IdentityChange, ABadListChangesNothing) {
  ASSERT_EQ(RunJoin("a", Token("fra1")).code, 0);
  RevocationList list;
  list.RevokeAgent("fra9", absl::Now());
  Revoke(list);
  LookAgain();
  std::ofstream(folder / "crl.pem") << "nonsense";
  LookAgain();
  EXPECT_EQ(Call(Joined("a"))->Enter("fra1"), 0u);
  EXPECT_THAT(RunJoin("b", Token("fra9", absl::Now() - absl::Minutes(1))).err,
              HasSubstr("was revoked"));
}

TEST_F(IdentityChange, AStreamEndsWithItsCertificate) {
  std::unique_ptr<Caller> caller = Call(Issue(Authority(), Agent("fra1")));
  caller->Enter("fra1");
  clock.Put(absl::Minutes(59));
  ingest.Refresh();
  caller->Heartbeat(3);
  EXPECT_TRUE(diary.Await("heard fra1 spooled 3"));
  clock.Put(absl::Minutes(2));
  ingest.Refresh();
  const grpc::Status end = caller->End();
  EXPECT_EQ(end.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(end.error_message(), HasSubstr("the certificate ended "));
}

TEST_F(IdentityChange, ANewCertificateIsServedAndStreamsStay) {
  std::unique_ptr<Caller> before = Call(Issue(Authority(), Agent("fra1")));
  before->Enter("fra1");
  const std::string first = Read("own.pem");
  EXPECT_TRUE(Serves(first));
  WriteOwn(Authority());
  ASSERT_NE(Read("own.pem"), first);
  EXPECT_TRUE(Serves(Read("own.pem")));
  before->Heartbeat(1);
  EXPECT_TRUE(diary.Await("heard fra1 spooled 1"));
  EXPECT_EQ(Call(Issue(Authority(), Agent("fra2")))->Enter("fra2"), 0u);
}

TEST_F(IdentityChange, FilesThatAreCutShortChangeNothing) {
  const std::string served = Read("own.pem"), key = Read("own.key");
  for (const std::string& file : {std::string("own.pem"), std::string("own.key")}) {
    for (const size_t length : {size_t{0}, size_t{40}}) {
      std::ofstream(folder / file, std::ios::trunc) << Read(file).substr(0, length);
      EXPECT_TRUE(Serves(served)) << file;
    }
    std::ofstream(folder / "own.pem", std::ios::trunc) << served;
    std::ofstream(folder / "own.key", std::ios::trunc) << key;
  }
  WriteOwn(Authority());
  EXPECT_TRUE(Serves(Read("own.pem")));
}

// It knows the real authorities, which are no secret, but has no certificate of theirs.
TEST_F(IdentityChange, AnImpostorWithTheRightAuthoritiesDoesNotSeeTheToken) {
  const auto stranger = MakeAuthority("test", absl::Now(), absl::Hours(2));
  WriteOwn(*stranger);
  ASSERT_TRUE(Serves(Read("own.pem")));
  const std::string token = Token("fra1");
  const CommandRun run = RunJoin("a", token);
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("no answer from a collector at"));
  WriteOwn(Authority());
  ASSERT_TRUE(Serves(Read("own.pem")));
  EXPECT_EQ(RunJoin("a", token).code, 0);
}

TEST_F(IdentityChange, TheNextAuthorityTakesOverWithoutAStreamBeingDropped) {
  std::unique_ptr<Caller> before = Call(Issue(Authority(), Agent("fra1")));
  before->Enter("fra1");
  const auto next = MakeAuthority("test", absl::Now(), absl::Hours(2));
  WriteAuthority(*next, Authority().certificate);
  // Tokens of the one before are still taken, what they give is of the next.
  ASSERT_EQ(RunJoin("a", Token("fra2")).code, 0);
  EXPECT_EQ(Read("a/agent/ca.pem"), Concat(next->certificate, Authority().certificate));
  EXPECT_TRUE(CheckIssuedBy(Joined("a").certificate, next->certificate, absl::Now()).ok());
  bool in = false;
  for (int i = 0; i < 50 && !in; ++i) {  // until the trust in it is taken up
    ingest.Refresh();
    std::unique_ptr<Caller> caller = Call(Joined("a"));
    caller->Hello("fra2");
    const auto welcome = caller->Read();
    in = welcome.has_value() && welcome->has_welcome();
    if (!in) absl::SleepFor(absl::Milliseconds(200));
  }
  EXPECT_TRUE(in);
  EXPECT_EQ(Call(Issue(Authority(), Agent("fra3")))->Enter("fra3"), 0u);
  before->Heartbeat(5);
  EXPECT_TRUE(diary.Await("heard fra1 spooled 5"));
}

}  // namespace
}  // namespace postwatch::collector
