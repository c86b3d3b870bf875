#include <sys/socket.h>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "tests/integration/dns_fixture.h"

namespace postwatch {
namespace {

using DnsTest = DnsFixture;

TEST_F(DnsTest, AnswerWithItsFlags) {
  Udp([](DnsReplyBuilder& r) { r.Authoritative().Authentic().Mx(10, "mx1.example.test"); });
  DnsReply reply = AskMx();
  ASSERT_EQ(reply.transport, DnsTransport::kReplied) << reply.detail;
  EXPECT_EQ(reply.message.rcode, Rcode::kNoError);
  EXPECT_TRUE(reply.message.aa);
  EXPECT_TRUE(reply.message.ad);
  EXPECT_FALSE(reply.over_tcp);
  EXPECT_EQ(reply.server, AddressText(server_.address()));
  EXPECT_GT(reply.took, absl::ZeroDuration());
  ASSERT_EQ(reply.message.answers.size(), 1u);
  EXPECT_EQ(std::get<MxRecord>(reply.message.answers[0].value).host, "mx1.example.test");
}

TEST_F(DnsTest, EveryRcodeIsKeptApart) {
  std::unique_ptr<Resolver> resolver = MakeResolver(Options());
  for (Rcode rcode : {Rcode::kNoError, Rcode::kFormErr, Rcode::kServFail, Rcode::kNxDomain,
                      Rcode::kNotImp, Rcode::kRefused}) {
    Udp([rcode](DnsReplyBuilder& r) { r.Set(rcode); });
    DnsReply reply = Ask(*resolver, Mx("example.test"));
    EXPECT_EQ(reply.transport, DnsTransport::kReplied) << RcodeText(rcode);
    EXPECT_EQ(reply.message.rcode, rcode) << RcodeText(reply.message.rcode);
    EXPECT_TRUE(reply.message.answers.empty());
  }
  EXPECT_EQ(server_.udp_queries().size(), 6u) << "no rcode is worth a second try";
}

TEST_F(DnsTest, ExtendedErrorAndExtendedRcode) {
  Udp([](DnsReplyBuilder& r) { r.Set(Rcode::kServFail).Edns(9, "no DNSKEY matches DS"); });
  DnsReply reply = AskMx();
  ASSERT_EQ(reply.message.extended_errors.size(), 1u);
  EXPECT_EQ(reply.message.extended_errors[0].code, 9);
  EXPECT_EQ(reply.message.extended_errors[0].text, "no DNSKEY matches DS");
  Udp([](DnsReplyBuilder& r) { r.Edns(0, "", 1); });
  EXPECT_EQ(RcodeText(AskMx().message.rcode), "RCODE16");
}

TEST_F(DnsTest, TheCdAndRdBitsAreAsAsked) {
  Udp([](DnsReplyBuilder&) {});
  std::unique_ptr<Resolver> resolver = MakeResolver(Options());
  DnsQuestion question = Mx("example.test");
  question.checking_disabled = true;
  question.recursion_desired = false;
  DnsReply reply = Ask(*resolver, question);
  EXPECT_TRUE(reply.message.cd);
  EXPECT_FALSE(reply.message.rd);
}

TEST_F(DnsTest, SilenceIsATimeoutAfterAllTries) {
  DnsReply reply = AskMx();
  EXPECT_EQ(reply.transport, DnsTransport::kTimeout);
  EXPECT_EQ(reply.detail, "");
  EXPECT_EQ(server_.udp_queries().size(), 2u);
  EXPECT_GE(reply.took, absl::Milliseconds(300));
  EXPECT_LT(reply.took, absl::Milliseconds(600));
}

TEST_F(DnsTest, ALostPacketIsAskedAgain) {
  int count = 0;
  server_.OnUdp([&](const std::string& query) {
    std::vector<std::string> packets;
    if (++count == 2) packets.push_back(DnsReplyBuilder(query).Mx(5, "mx").Build());
    return packets;
  });
  DnsReply reply = AskMx();
  EXPECT_EQ(reply.transport, DnsTransport::kReplied);
  EXPECT_EQ(reply.message.answers.size(), 1u);
}

TEST_F(DnsTest, AClosedPortIsUnreachableAndSaysSo) {
  boost::asio::ip::udp::socket held(io_);
  held.open(boost::asio::ip::udp::v4());
  held.bind({boost::asio::ip::address_v4::loopback(), 0});
  ResolverOptions options = Options();
  options.server.port = held.local_endpoint().port();
  held.close();
  std::unique_ptr<Resolver> resolver = MakeResolver(options);
  DnsReply reply = Ask(*resolver, Mx("example.test"));
  EXPECT_EQ(reply.transport, DnsTransport::kUnreachable);
  EXPECT_EQ(reply.detail, "receive: Connection refused");
  EXPECT_LT(reply.took, absl::Milliseconds(100)) << "known at once";
}

TEST_F(DnsTest, WhatTheKernelRefusesToSendIsUnreachable) {
  ResolverOptions options = Options();
  options.server = {"255.255.255.255", 53};  // broadcast: not without SO_BROADCAST
  std::unique_ptr<Resolver> resolver = MakeResolver(options);
  DnsReply reply = Ask(*resolver, Mx("example.test"));
  EXPECT_EQ(reply.transport, DnsTransport::kUnreachable);
  EXPECT_EQ(reply.detail, "connect: Permission denied");
}

TEST_F(DnsTest, TruncatedIsAskedAgainOverTcp) {
  Udp([](DnsReplyBuilder& r) { r.Truncated(); });
  Tcp([](DnsReplyBuilder& r) {
    for (int i = 0; i < 40; ++i) r.Txt(std::string(200, 'x'));
  });
  DnsReply reply = AskMx();
  ASSERT_EQ(reply.transport, DnsTransport::kReplied) << reply.detail;
  EXPECT_TRUE(reply.over_tcp);
  EXPECT_EQ(reply.message.answers.size(), 40u);
  EXPECT_EQ(server_.udp_queries().size(), 1u);
  EXPECT_EQ(server_.tcp_queries().size(), 1u);
}

TEST_F(DnsTest, TcpOneByteAtATime) {
  server_.SendByteByByte();
  Udp([](DnsReplyBuilder& r) { r.Truncated(); });
  Tcp([](DnsReplyBuilder& r) { r.Mx(10, "mx1.example.test").Mx(20, "mx2.example.test"); });
  DnsReply reply = AskMx();
  ASSERT_EQ(reply.transport, DnsTransport::kReplied) << reply.detail;
  EXPECT_EQ(reply.message.answers.size(), 2u);
}

TEST_F(DnsTest, TruncatedAndTcpSilentOrClosed) {
  Udp([](DnsReplyBuilder& r) { r.Truncated(); });
  DnsReply silent = AskMx();
  EXPECT_EQ(silent.transport, DnsTransport::kTruncatedNoTcp);
  EXPECT_EQ(silent.detail, "the reply over UDP is truncated; over TCP: no reply within 150ms");
  server_.CloseOnQuery();
  DnsReply closed = AskMx();
  EXPECT_EQ(closed.transport, DnsTransport::kTruncatedNoTcp);
  EXPECT_EQ(closed.detail,
            "the reply over UDP is truncated; over TCP: the server closed the connection");
}

TEST_F(DnsTest, TruncatedAndTcpRefused) {
  DnsServer no_tcp(io_, false);
  no_tcp.OnUdp([](const std::string& query) {
    return std::vector<std::string>{DnsReplyBuilder(query).Truncated().Build()};
  });
  ResolverOptions options = Options();
  options.server = no_tcp.address();
  std::unique_ptr<Resolver> resolver = MakeResolver(options);
  DnsReply reply = Ask(*resolver, Mx("example.test"));
  EXPECT_EQ(reply.transport, DnsTransport::kTruncatedNoTcp);
  EXPECT_EQ(reply.message.tc, true) << "the truncated reply is kept";
  EXPECT_NE(reply.detail.find("Connection refused"), std::string::npos) << reply.detail;
}

TEST_F(DnsTest, GarbageIsMalformedAndSaysWhy) {
  server_.OnUdp([](const std::string&) { return std::vector<std::string>{"abc", ""}; });
  DnsReply tiny = AskMx();
  EXPECT_EQ(tiny.transport, DnsTransport::kMalformed);
  EXPECT_EQ(tiny.detail, "a datagram of 0 bytes is no reply");

  Udp([](DnsReplyBuilder& r) { r.Question("other.test", RrType::kMx).Mx(1, "evil.test"); });
  DnsReply other = AskMx();
  EXPECT_EQ(other.transport, DnsTransport::kMalformed);
  EXPECT_EQ(other.detail, "a reply does not repeat the question");

  Udp([](DnsReplyBuilder& r) { r.Answer(RrType::kMx, std::string("\0\x0a\xc0\xff", 4)); });
  DnsReply pointer = AskMx();
  EXPECT_EQ(pointer.transport, DnsTransport::kMalformed);
  EXPECT_NE(pointer.detail.find("broken MX RDATA in answers"), std::string::npos) << pointer.detail;

  server_.OnUdp([](const std::string& query) { return std::vector<std::string>{query}; });
  EXPECT_EQ(AskMx().detail, "the query itself came back (QR bit not set)");
}

TEST_F(DnsTest, ACompressionLoopEnds) {
  // The RDATA begins at 12 + 18 + 12 = 42; the pointer in it points at itself.
  Udp([](DnsReplyBuilder& r) { r.Answer(RrType::kCname, "\xc0\x2a"); });
  DnsReply reply = AskMx();
  EXPECT_EQ(reply.transport, DnsTransport::kMalformed);
  EXPECT_NE(reply.detail.find("broken CNAME RDATA"), std::string::npos) << reply.detail;
}

TEST_F(DnsTest, AWrongIdIsIgnoredAndTheRightOneTaken) {
  server_.OnUdp([](const std::string& query) {
    auto id =
        static_cast<uint16_t>(static_cast<uint8_t>(query[0]) << 8 | static_cast<uint8_t>(query[1]));
    DnsReplyBuilder forged(query), real(query);
    forged.Id(id ^ 1).Mx(1, "evil.test");
    real.Mx(10, "mx.example.test");
    return std::vector<std::string>{forged.Build(), real.Build()};
  });
  DnsReply reply = AskMx();
  ASSERT_EQ(reply.transport, DnsTransport::kReplied);
  EXPECT_EQ(std::get<MxRecord>(reply.message.answers[0].value).host, "mx.example.test");

  server_.OnUdp([](const std::string& query) {
    DnsReplyBuilder forged(query);
    forged.Id(static_cast<uint16_t>(~(query[0] << 8))).Mx(1, "evil.test");
    return std::vector<std::string>{forged.Build()};
  });
  EXPECT_EQ(AskMx().transport, DnsTransport::kTimeout) << "anyone may send a wrong id";
}

TEST_F(DnsTest, AUdpReplyOver512BytesIsWhole) {
  Udp([](DnsReplyBuilder& r) {
    for (int i = 0; i < 5; ++i) r.Txt(std::string(200, 'y'));
  });
  DnsReply reply = AskMx();
  ASSERT_EQ(reply.transport, DnsTransport::kReplied) << reply.detail;
  EXPECT_FALSE(reply.over_tcp);
  EXPECT_EQ(reply.message.answers.size(), 5u);
}

TEST_F(DnsTest, ANameThatIsNoneIsNotSent) {
  std::unique_ptr<Resolver> resolver = MakeResolver(Options());
  DnsReply reply = Ask(*resolver, Mx("a..b"));
  EXPECT_EQ(reply.transport, DnsTransport::kMalformed);
  EXPECT_NE(reply.detail.find("not a domain name"), std::string::npos);
  EXPECT_TRUE(server_.udp_queries().empty());
}

TEST_F(DnsTest, BadOptionsAreRefused) {
  ResolverOptions options = Options();
  options.server.ip = "dns.example.test";
  EXPECT_EQ(MakeCaresResolver(options).status().message(),
            "DNS server \"dns.example.test\" is not an IPv4 or IPv6 address");
  options = Options();
  options.tries = 0;
  EXPECT_EQ(MakeCaresResolver(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace postwatch
