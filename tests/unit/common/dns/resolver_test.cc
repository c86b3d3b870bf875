#include "common/dns/resolver.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/fake_resolver.h"

namespace postwatch {
namespace {

Task<void> LookUpInto(Resolver& resolver, std::string host, RrType family, AddressLookup& out) {
  out = co_await LookUpAddresses(resolver, std::move(host), family);
}

AddressLookup LookUp(Resolver& resolver, std::string host, RrType family) {
  boost::asio::io_context io;
  AddressLookup lookup;
  boost::asio::co_spawn(io, LookUpInto(resolver, std::move(host), family, lookup),
                        boost::asio::detached);
  io.run();
  return lookup;
}

ResourceRecord Cname(std::string owner, std::string target) {
  return MakeRecord(RrType::kCname, NameRecord{std::move(target)}, std::move(owner));
}

ResourceRecord A(std::string owner, std::string ip) {
  return MakeRecord(RrType::kA, AddressRecord{std::move(ip)}, std::move(owner));
}

TEST(LookUpAddressesTest, TakesTheFamilyAskedFor) {
  FakeResolver resolver;
  resolver.On("mx.test", RrType::kA, AddressReply({"192.0.2.1", "192.0.2.2"}));
  resolver.On("mx.test", RrType::kAaaa, AddressReply({"2001:db8::1"}));
  EXPECT_EQ(LookUp(resolver, "MX.test.", RrType::kA).addresses,
            (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(LookUp(resolver, "mx.test", RrType::kAaaa).addresses,
            std::vector<std::string>{"2001:db8::1"});
  EXPECT_EQ(resolver.asked()[0].name, "MX.test.") << "asked as it stands";
}

TEST(LookUpAddressesTest, FollowsTheChainInTheReply) {
  FakeResolver resolver;
  resolver.On("a.test", RrType::kA,
              RecordsReply({A("c.test", "192.0.2.9"), Cname("b.test", "c.test"),
                            Cname("a.test", "b.test"), A("unrelated.test", "192.0.2.66")}));
  EXPECT_EQ(LookUp(resolver, "a.test", RrType::kA).addresses,
            std::vector<std::string>{"192.0.2.9"});
  EXPECT_EQ(resolver.asked().size(), 1u);
}

TEST(LookUpAddressesTest, ChainsEnd) {
  FakeResolver resolver;
  resolver.On("loop.test", RrType::kA,
              RecordsReply({Cname("loop.test", "b.test"), Cname("b.test", "loop.test")}));
  EXPECT_TRUE(LookUp(resolver, "loop.test", RrType::kA).addresses.empty());
  auto chain = [](int cnames) {
    std::vector<ResourceRecord> records;
    for (int i = 0; i < cnames; ++i) {
      records.push_back(Cname("h" + std::to_string(i), "h" + std::to_string(i + 1)));
    }
    records.push_back(A("h" + std::to_string(cnames), "192.0.2.1"));
    return RecordsReply(std::move(records));
  };
  resolver.On("h0", RrType::kA, chain(8)).On("h0", RrType::kA, chain(9));
  EXPECT_EQ(LookUp(resolver, "h0", RrType::kA).addresses.size(), 1u);
  EXPECT_EQ(LookUp(resolver, "h0", RrType::kA).addresses.size(), 0u);
}

TEST(LookUpAddressesTest, KeepsTheReplyForClassification) {
  FakeResolver resolver;
  resolver.On("gone.test", RrType::kA, RcodeReply(Rcode::kNxDomain));
  AddressLookup gone = LookUp(resolver, "gone.test", RrType::kA);
  EXPECT_TRUE(gone.addresses.empty());
  EXPECT_EQ(gone.reply.message.rcode, Rcode::kNxDomain);
  EXPECT_EQ(LookUp(resolver, "silent.test", RrType::kA).reply.transport, DnsTransport::kTimeout);
}

TEST(ParseResolvConfTest, NameserverLinesInOrder) {
  std::vector<Address> servers = ParseResolvConf(
      "# comment\n; another\nsearch example.test\nnameserver 192.0.2.1\n"
      "  nameserver\t2001:db8::53  # ours\nnameserver dns.example.test\nnameserverx 192.0.2.7\n"
      "nameserver fe80::1%eth0\nnameserver\nnameserver 192.0.2.2\r\n");
  ASSERT_EQ(servers.size(), 3u);
  EXPECT_EQ(servers[0].ip, "192.0.2.1");
  EXPECT_EQ(servers[0].port, 53);
  EXPECT_EQ(servers[1].ip, "2001:db8::53");
  EXPECT_EQ(servers[2].ip, "192.0.2.2");
  EXPECT_TRUE(ParseResolvConf("").empty());
}

TEST(ParseResolvConfTest, AtMostEight) {
  std::string text;
  for (int i = 1; i <= 12; ++i) text += "nameserver 192.0.2." + std::to_string(i) + "\n";
  EXPECT_EQ(ParseResolvConf(text).size(), 8u);
}

TEST(FakeResolverTest, GivesRepliesInOrderAndKnowsTheCdBit) {
  FakeResolver resolver;
  resolver.On("a.test", RrType::kA, TimeoutReply()).On("a.test", RrType::kA, NoDataReply());
  resolver.OnCd("a.test", RrType::kA, true, AddressReply({"192.0.2.1"}));
  DnsQuestion question{"A.test.", RrType::kA};
  EXPECT_EQ(resolver.Answer(question).transport, DnsTransport::kTimeout);
  EXPECT_EQ(resolver.Answer(question).transport, DnsTransport::kReplied);
  EXPECT_EQ(resolver.Answer(question).transport, DnsTransport::kReplied);
  question.checking_disabled = true;
  EXPECT_EQ(resolver.Answer(question).message.answers[0].name, "a.test");
  EXPECT_EQ(resolver.asked().size(), 4u);
}

}  // namespace
}  // namespace postwatch
