#include "agent/probes/failure_mapping.h"

#include <openssl/x509_vfy.h>

#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

TlsFacts Facts(long error, size_t chain = 1, bool name = true) {
  TlsFacts facts;
  facts.verify_error = error;
  facts.chain.resize(chain);
  facts.name_matches = name;
  return facts;
}

std::string_view TlsClass(const TlsFacts& facts) {
  return FailureClassName(TlsFailureClass(facts));
}

TEST(FailureMappingTest, TlsFactsTellWhy) {
  EXPECT_EQ(TlsClass(Facts(X509_V_ERR_CERT_HAS_EXPIRED)), "tls_cert_expired");
  EXPECT_EQ(TlsClass(Facts(X509_V_ERR_CERT_NOT_YET_VALID)), "tls_cert_not_yet_valid");
  EXPECT_EQ(TlsClass(Facts(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)), "tls_self_signed");
  EXPECT_EQ(TlsClass(Facts(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 2)), "tls_untrusted_root");
  EXPECT_EQ(TlsClass(Facts(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1)),
            "tls_missing_intermediate");
  // Certificates beside the leaf that did not sign it help nobody.
  TlsFacts long_chain = Facts(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 3);
  EXPECT_EQ(TlsClass(long_chain), "tls_missing_intermediate");
  long_chain.verify_depth = 2;
  EXPECT_EQ(TlsClass(long_chain), "tls_untrusted_root");
  EXPECT_EQ(TlsClass(Facts(X509_V_ERR_CERT_REVOKED)), "tls_revoked");
  EXPECT_EQ(TlsClass(Facts(X509_V_ERR_EE_KEY_TOO_SMALL)), "tls_weak_key");
  EXPECT_EQ(TlsClass(Facts(X509_V_OK, 1, false)), "tls_name_mismatch");
}

TEST(FailureMappingTest, NetErrorsBecomeClassesByStep) {
  const auto name = [](NetError error, std::string_view step) {
    return FailureClassName(NetFailureClass(error, step));
  };
  EXPECT_EQ(name(NetError::kRefused, "connect"), "tcp_refused");
  EXPECT_EQ(name(NetError::kUnreachable, "connect"), "net_unreachable");
  EXPECT_EQ(name(NetError::kTimeout, "connect"), "tcp_timeout");
  EXPECT_EQ(name(NetError::kTimeout, "tls"), "tls_timeout");
  EXPECT_EQ(name(NetError::kTimeout, "banner"), "read_timeout");
  EXPECT_EQ(name(NetError::kReset, "ehlo"), "tcp_reset");
  EXPECT_EQ(name(NetError::kClosed, "ehlo"), "conn_closed_early");
  EXPECT_EQ(name(NetError::kTlsVersion, "tls"), "tls_version");
  EXPECT_EQ(name(NetError::kPlaintextInjection, "tls"), "tls_plaintext_injection");
}

TEST(FailureMappingTest, BrokenRepliesAreProtocolFaultsAndCancellationsNone) {
  const auto fault = [](const absl::Status& status) {
    return FailureClassName(
        FaultFromStatus(status, "ehlo", nullptr, FailureClass::kSmtpProtocol).klass);
  };
  EXPECT_EQ(fault(absl::InvalidArgumentError("smtp protocol: mixed codes")), "smtp_protocol");
  EXPECT_EQ(fault(NetStatus(NetError::kTooLong, "line")), "smtp_protocol");
  EXPECT_EQ(fault(NetStatus(NetError::kCancelled, "gave up")), "unspecified");
  EXPECT_EQ(fault(NetStatus(NetError::kTlsHandshake, "no shared cipher")), "tls_cipher");
}

class DnsJudgementTest : public ProbeFixture {
 protected:
  std::string Judge(DnsReply reply) {
    DnsQuestion question;
    question.name = "alpha.test";
    question.type = RrType::kMx;
    reply.server = resolver_.name();
    const std::optional<Fault> fault = RunTask(JudgeDnsReply(resolver_, question, reply));
    return fault.has_value() ? std::string(FailureClassName(fault->klass)) : "fine";
  }
};

TEST_F(DnsJudgementTest, EveryOutcomeHasItsOwnClass) {
  EXPECT_EQ(Judge(NoDataReply()), "fine");
  EXPECT_EQ(Judge(RcodeReply(Rcode::kNxDomain)), "dns_nxdomain");
  EXPECT_EQ(Judge(RcodeReply(Rcode::kRefused)), "dns_refused");
  EXPECT_EQ(Judge(RcodeReply(Rcode::kNotImp)), "dns_notimp");
  EXPECT_EQ(Judge(RcodeReply(Rcode::kFormErr)), "dns_formerr");
  EXPECT_EQ(Judge(TimeoutReply()), "dns_timeout");
  EXPECT_EQ(Judge(TransportReply(DnsTransport::kUnreachable)), "dns_timeout");
  EXPECT_EQ(Judge(TransportReply(DnsTransport::kMalformed)), "dns_malformed");
  EXPECT_EQ(Judge(TransportReply(DnsTransport::kTruncatedNoTcp)), "dns_truncated_no_tcp");
  EXPECT_EQ(Judge(TransportReply(DnsTransport::kCancelled)), "unspecified");
}

TEST_F(DnsJudgementTest, AnExtendedErrorAloneMakesItBogus) {
  EXPECT_EQ(Judge(RcodeReply(Rcode::kServFail, 7, "signature expired")), "dns_dnssec_bogus");
  EXPECT_TRUE(resolver_.asked().empty());
}

TEST_F(DnsJudgementTest, CheckingDisabledTellsBogusFromDead) {
  resolver_.OnCd("alpha.test", RrType::kMx, true, MxReply({{10, "mx1.alpha.test"}}));
  resolver_.OnCd("alpha.test", RrType::kMx, false, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Judge(RcodeReply(Rcode::kServFail)), "dns_dnssec_bogus");
  resolver_.Forget("alpha.test", RrType::kMx);
  resolver_.On("alpha.test", RrType::kMx, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Judge(RcodeReply(Rcode::kServFail)), "dns_servfail");
}

TEST_F(DnsJudgementTest, AServerThatRecoveredIsNotBogus) {
  resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
  EXPECT_EQ(Judge(RcodeReply(Rcode::kServFail)), "dns_servfail");
}

TEST(FailureMappingTest, WhatTheServerAsksForIsToldToTheSchedule) {
  FakeClock clock;
  StepRecorder run(CheckSpec{.id = "c"}, clock);
  run.Begin("login");
  Decide(run, Fault{FailureClass::kImapThrottled, "throttled",
                    Reply{.text = "Suggested Backoff Time: 5000 milliseconds"}});
  EXPECT_EQ(run.Finish().evidence.facts.at("backoff.seconds"), "5");
}

TEST(FailureMappingTest, DescribesARefusalInFull) {
  DnsQuestion question;
  question.name = "alpha.test";
  question.type = RrType::kMx;
  DnsReply reply = RcodeReply(Rcode::kServFail, 22, "no reachable authority");
  reply.server = "192.0.2.53:53";
  EXPECT_EQ(DescribeDnsReply(question, reply),
            "MX alpha.test at 192.0.2.53:53: SERVFAIL, EDE 22 (no reachable authority)");
}

}  // namespace
}  // namespace postwatch::agent
