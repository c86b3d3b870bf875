// Certificates good and bad, served over real handshakes, as the checks tell of them.
#include <gmock/gmock.h>

#include <deque>

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"
#include "tests/support/run_task.h"
#include "tests/support/test_ca.h"
#include "tests/support/test_server.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHost = "mail.alpha.test";

// Whatever address is dialled, the next of the servers answers.
class LoopbackDialer : public Dialer {
 public:
  void Add(const Address& address) { addresses_.push_back(address); }

  Task<absl::StatusOr<std::unique_ptr<Stream>>> Dial(Address, absl::Duration timeout) override {
    if (addresses_.empty()) co_return NetStatus(NetError::kRefused, "no server is left");
    const Address address = addresses_.front();
    addresses_.pop_front();
    absl::StatusOr<std::unique_ptr<Stream>> stream = co_await dialer_->Dial(address, timeout);
    co_return stream;
  }

 private:
  std::unique_ptr<Dialer> dialer_ = MakeTcpDialer();
  std::deque<Address> addresses_;
};

// One implicit-TLS endpoint, looked at by `tls.cert` in real time.
class CertificatesTest : public ProbeFixture {
 protected:
  CertificatesTest() { resolver_.On(kHost, RrType::kA, AddressReply({"192.0.2.2"})); }

  void Serve(std::function<void(TestPeer&)> serve) {
    servers_.emplace_back(std::move(serve));
    loopback_.Add(servers_.back().address());
  }
  void Serve(const TestCertificate& certificate, ServerTls mode = ServerTls::kModern) {
    Serve([certificate, mode](TestPeer& peer) {
      if (peer.StartTls(certificate, mode)) peer.WaitForClose();
    });
  }
  Observation Look(const std::string& host = std::string(kHost)) {
    const Settings endpoint = Keys({{"host", Text(host)}, {"protocol", Text("imap")}});
    return RunReal(
        Spec("tls.cert", Keys({{"mx", Text("false")}, {"endpoints", Settings::List({endpoint})}})));
  }
  Observation Look(const TestCertificate& certificate) {
    Serve(certificate);
    return Look();
  }
  Observation RunReal(const CheckSpec& spec) {
    const ProbeDeps usual = Deps();
    const ProbeDeps deps{loopback_,       usual.resolver, usual.resolvers, *real_clock_,
                         trust_,          usual.ledger,   usual.loop_lag,  usual.operators,
                         usual.ehlo_name, usual.agent,    usual.secrets,   usual.fleet_key};
    const std::unique_ptr<Probe> probe = MakeBuiltinProbe(spec, deps).value();
    return RunTask(RunOnce(*probe, spec, *real_clock_)).front();
  }
  // What the servers' threads wrote may be read after it.
  void Finish() { servers_.clear(); }
  // What is recorded of the endpoint, failed or not.
  static std::string CertFact(const Observation& seen) {
    const auto& facts = seen.evidence.facts;
    const auto it = facts.find(Concat("cert.", kHost, ":993"));
    return it == facts.end() ? "none" : it->second;
  }

  const TestCa root_{"Test Root"};
  const TestCertificateOptions usual_{{std::string(kHost)}};
  std::shared_ptr<const TrustStore> trust_ = TrustIn(root_);

 private:
  const std::unique_ptr<EventClock> real_clock_ = MakeSystemEventClock();
  LoopbackDialer loopback_;
  std::deque<TestServer> servers_;  // last: their threads end first
};

TEST_F(CertificatesTest, AGoodOnePasses) {
  const Observation seen = Look(root_.Issue(usual_));
  EXPECT_EQ(Summary(seen), "pass") << AllText(seen);
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_THAT(CertFact(seen), HasSubstr("ok; TLSv1.3; CN=mail.alpha.test by CN=Test Root"));
}

TEST_F(CertificatesTest, AnExpiredLeafIsTheServersOwn) {
  TestCertificateOptions expired = usual_;
  expired.not_before = absl::Now() - absl::Hours(48);
  expired.not_after = absl::Now() - absl::Hours(30);
  const Observation seen = Look(root_.Issue(expired));
  EXPECT_EQ(Summary(seen), "fail tls_cert_expired at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("at depth 0 (the server's own)"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("that is CN=mail.alpha.test, valid until "));
  EXPECT_THAT(CertFact(seen), HasSubstr("tls_cert_expired; TLSv1.3; CN=mail.alpha.test"));
}

TEST_F(CertificatesTest, AnExpiredIntermediateIsNotTheLeaf) {
  const TestCa intermediate = root_.MakeIntermediate("Old Authority", -absl::Hours(1));
  const Observation seen = Look(intermediate.Issue(usual_, true));
  EXPECT_EQ(Summary(seen), "fail tls_cert_expired at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("at depth 1 (of the chain)"));
  EXPECT_THAT(seen.failure->detail, HasSubstr("that is CN=Old Authority, valid until "));
  EXPECT_THAT(CertFact(seen), HasSubstr("tls_cert_expired; TLSv1.3; CN=mail.alpha.test"));
}

TEST_F(CertificatesTest, AnExpiredRootIsFoundAtItsDepth) {
  const TestCa old("Old Root", -absl::Hours(1));
  trust_ = TrustIn(old);
  const Observation direct = Look(old.Issue(usual_));
  EXPECT_EQ(Summary(direct), "fail tls_cert_expired at tls");
  EXPECT_THAT(direct.failure->detail, HasSubstr("at depth 1 (of the chain)"));
  const TestCa intermediate = old.MakeIntermediate("Good Authority");
  const Observation behind = Look(intermediate.Issue(usual_, true));
  EXPECT_EQ(Summary(behind), "fail tls_cert_expired at tls");
  EXPECT_THAT(behind.failure->detail, HasSubstr("at depth 2 (of the chain)"));
}

TEST_F(CertificatesTest, OneOfTheFuture) {
  TestCertificateOptions future = usual_;
  future.not_before = absl::Now() + absl::Hours(1);
  const Observation seen = Look(root_.Issue(future));
  EXPECT_EQ(Summary(seen), "fail tls_cert_not_yet_valid at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("at depth 0 (the server's own)"));
}

TEST_F(CertificatesTest, OneForAnotherHostIsNamed) {
  TestCertificateOptions other = usual_;
  other.dns_names = {"imap.beta.test", "pop.beta.test"};
  const Observation seen = Look(root_.Issue(other));
  EXPECT_EQ(Summary(seen), "fail tls_name_mismatch at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("it is for imap.beta.test, pop.beta.test"));
}

TEST_F(CertificatesTest, ChainsThatLeadNowhere) {
  EXPECT_EQ(Summary(Look(TestCa::SelfSigned(usual_))), "fail tls_self_signed at tls");
  const TestCa stranger("Other Root");
  EXPECT_EQ(Summary(Look(stranger.Issue(usual_, true))), "fail tls_untrusted_root at tls");
  const TestCa intermediate = root_.MakeIntermediate("Test Authority");
  EXPECT_EQ(Summary(Look(intermediate.Issue(usual_, true))), "pass");
  EXPECT_EQ(Summary(Look(intermediate.Issue(usual_))), "fail tls_missing_intermediate at tls");
}

TEST_F(CertificatesTest, AWeakKey) {
  TestCertificateOptions weak = usual_;
  weak.rsa_bits = 1024;
  EXPECT_EQ(Summary(Look(root_.Issue(weak))), "fail tls_weak_key at tls");
}

// The second handshake takes anything and shows what the first one broke at.
TEST_F(CertificatesTest, AServerThatKnowsTls10Only) {
  const TestCertificate certificate = root_.Issue(usual_);
  Serve(certificate, ServerTls::kOnlyTls10);
  Serve(certificate, ServerTls::kOnlyTls10);
  const Observation seen = Look();
  EXPECT_EQ(Summary(seen), "fail tls_version at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("speaks no newer version than TLSv1, "));
  EXPECT_THAT(CertFact(seen), HasSubstr("ok; TLSv1; CN=mail.alpha.test by CN=Test Root"));
}

TEST_F(CertificatesTest, WhichOneIsServedDependsOnTheNameAskedFor) {
  TestCertificateOptions usual_of_host = usual_;
  usual_of_host.dns_names = {"shared.hoster.test"};
  const TestCertificate otherwise = root_.Issue(usual_of_host);
  const NamedCertificate named{std::string(kHost), root_.Issue(usual_)};
  const auto by_name = [&](TestPeer& peer) {
    if (peer.StartTls(otherwise, ServerTls::kModern, &named)) peer.WaitForClose();
  };
  Serve(by_name);
  EXPECT_EQ(Summary(Look()), "pass");
  Serve(by_name);
  resolver_.On("imap.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
  const Observation seen = Look("imap.alpha.test");
  EXPECT_EQ(Summary(seen), "fail tls_name_mismatch at tls");
  EXPECT_THAT(seen.failure->detail, HasSubstr("it is for shared.hoster.test"));
}

TEST_F(CertificatesTest, NoPasswordGoesToWhomIsNotTrusted) {
  std::string heard = "nothing was asked";
  Serve([&](TestPeer& peer) {
    if (peer.StartTls(TestCa::SelfSigned(usual_))) heard = peer.ReceiveLine();
  });
  const Observation seen = RunReal(Spec("imap.access", Keys({{"mailbox", MailboxKeys()}})));
  EXPECT_EQ(Summary(seen), "fail tls_self_signed at tls");
  ExpectNoSecret(seen, kPassword);
  Finish();
  EXPECT_EQ(heard, "");
}

}  // namespace
}  // namespace postwatch::agent
