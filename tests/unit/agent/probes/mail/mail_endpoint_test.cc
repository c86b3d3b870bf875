#include "agent/probes/mail/mail_endpoint.h"

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

DnsReply SrvReply(std::string target, uint16_t port) {
  return RecordsReply({MakeRecord(RrType::kSrv, SrvRecord{10, 5, port, std::move(target)})});
}

class MailEndpointTest : public ProbeFixture {
 protected:
  // "host:port security", or the class and reason of the fault.
  std::string Locate(MailService service, const MailboxSettings& mailbox) {
    const CheckSpec spec = Spec("imap.access", Keys({}));
    StepRecorder run(spec, clock_);
    const ProbeDeps deps = Deps();
    const RunContext context{deps, spec, run};
    Server server;
    const std::optional<Fault> fault = RunTask(LocateServer(context, service, mailbox, server));
    if (fault.has_value()) return Concat(FailureClassName(fault->klass), ": ", fault->detail);
    const char* names[] = {"starttls", "tls", "plain"};
    return Concat(server.host, ":", server.port, " ", names[static_cast<int>(server.security)]);
  }

  MailboxSettings mailbox_ = [] {
    MailboxSettings mailbox;
    mailbox.address = "probe@alpha.test";
    return mailbox;
  }();
};

TEST_F(MailEndpointTest, WhatIsSetIsTakenAndNothingIsAsked) {
  MailboxSettings mailbox = mailbox_;
  mailbox.submission = {.host = "s", .security = Security::kTls};
  mailbox.receive = {.host = "i", .port = 143};
  EXPECT_EQ(Locate(MailService::kSubmission, mailbox), "s:465 tls");
  EXPECT_EQ(Locate(MailService::kImap, mailbox), "i:143 starttls");
  EXPECT_TRUE(resolver_.asked().empty());
}

TEST_F(MailEndpointTest, FollowsTheDomainsSrvRecords) {
  resolver_.On("_submissions._tcp.alpha.test", RrType::kSrv, NoDataReply());
  resolver_.On("_submission._tcp.alpha.test", RrType::kSrv, SrvReply("out.alpha.test", 2587));
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, SrvReply("in.alpha.test", 993));
  EXPECT_EQ(Locate(MailService::kSubmission, mailbox_), "out.alpha.test:2587 starttls");
  EXPECT_EQ(Locate(MailService::kImap, mailbox_), "in.alpha.test:993 tls");
}

TEST_F(MailEndpointTest, APortOfOnesOwnBringsItsSecurity) {
  resolver_.On("_submissions._tcp.alpha.test", RrType::kSrv, SrvReply("out.alpha.test", 465));
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, SrvReply("in.alpha.test", 993));
  MailboxSettings mailbox = mailbox_;
  mailbox.submission.port = 587;
  mailbox.receive.port = 143;
  EXPECT_EQ(Locate(MailService::kSubmission, mailbox), "out.alpha.test:587 starttls");
  EXPECT_EQ(Locate(MailService::kImap, mailbox), "in.alpha.test:143 starttls");
  mailbox.submission.port = 2465;  // a port that nobody knows is as the record says
  EXPECT_EQ(Locate(MailService::kSubmission, mailbox), "out.alpha.test:2465 tls");
  mailbox.submission = {.port = 587, .security = Security::kTls};
  EXPECT_EQ(Locate(MailService::kSubmission, mailbox), "out.alpha.test:587 tls");
}

TEST_F(MailEndpointTest, Pop3HasItsOwnRecordsPortsAndNames) {
  resolver_.On("_pop3s._tcp.alpha.test", RrType::kSrv, NoDataReply());
  resolver_.On("_pop3._tcp.alpha.test", RrType::kSrv, SrvReply("in.alpha.test", 110));
  EXPECT_EQ(Locate(MailService::kPop3, mailbox_), "in.alpha.test:110 starttls");
  MailboxSettings mailbox = mailbox_;
  mailbox.receive = {.host = "p"};
  EXPECT_EQ(Locate(MailService::kPop3, mailbox), "p:995 tls");
  mailbox.receive.port = 110;
  EXPECT_EQ(Locate(MailService::kPop3, mailbox), "p:110 starttls");
}

TEST_F(MailEndpointTest, Pop3FallsBackToItsCommonName) {
  resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
  resolver_.On("pop.alpha.test", RrType::kA, AddressReply({"192.0.2.9"}));
  EXPECT_EQ(Locate(MailService::kPop3, mailbox_), "pop.alpha.test:995 tls");
}

TEST_F(MailEndpointTest, NeverFollowsTheDnsOutOfTheDomain) {
  resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
  resolver_.On("_imaps._tcp.alpha.test", RrType::kSrv, SrvReply("imap.evil.test", 993));
  EXPECT_EQ(Locate(MailService::kImap, mailbox_),
            "unspecified: no server is known: alpha.test has neither usable SRV records nor "
            "imap.alpha.test; set mailbox.receive.host");
}

TEST_F(MailEndpointTest, FallsBackToCommonNames) {
  resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
  resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.9"}));
  EXPECT_EQ(Locate(MailService::kSubmission, mailbox_), "mail.alpha.test:587 starttls");
  EXPECT_EQ(Locate(MailService::kImap, mailbox_), "mail.alpha.test:993 tls");
}

TEST_F(MailEndpointTest, TakesAnMxHostOfTheDomainLast) {
  resolver_.Otherwise(RcodeReply(Rcode::kNxDomain));
  resolver_.On("alpha.test", RrType::kMx,
               MxReply({{5, "mx.provider.example"}, {10, "mx.alpha.test"}}));
  resolver_.On("mx.alpha.test", RrType::kA, AddressReply({"192.0.2.9"}));
  resolver_.On("mx.provider.example", RrType::kA, AddressReply({"192.0.2.10"}));
  EXPECT_EQ(Locate(MailService::kSubmission, mailbox_), "mx.alpha.test:587 starttls");
}

TEST_F(MailEndpointTest, ADeadResolverIsADnsFault) {
  EXPECT_EQ(Locate(MailService::kImap, mailbox_),
            "dns_timeout: SRV _imaps._tcp.alpha.test at 192.0.2.53:53: no answer");
}

}  // namespace
}  // namespace postwatch::agent
