// DnsFixture: a resolver of ours and a DNS server of the test's, on one event loop.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/dns/resolver.h"
#include "tests/support/dns_server.h"

namespace postwatch {

inline Task<void> AskInto(Resolver& resolver, DnsQuestion question, std::optional<DnsReply>& out) {
  out = co_await resolver.Query(std::move(question));
}

class DnsFixture : public testing::Test {
 protected:
  std::unique_ptr<Resolver> MakeResolver(ResolverOptions options) {
    absl::StatusOr<std::unique_ptr<Resolver>> resolver = MakeCaresResolver(std::move(options));
    EXPECT_TRUE(resolver.ok()) << resolver.status();
    return *std::move(resolver);
  }

  ResolverOptions Options() {
    ResolverOptions options;
    options.server = server_.address();
    options.timeout = absl::Milliseconds(150);
    return options;
  }

  // Runs the loop until the reply is there; fails the test after 5 s.
  DnsReply Ask(Resolver& resolver, DnsQuestion question) {
    std::optional<DnsReply> reply;
    boost::asio::co_spawn(io_, AskInto(resolver, std::move(question), reply),
                          boost::asio::detached);
    RunUntil([&] { return reply.has_value(); });
    return reply.value_or(DnsReply{});
  }

  DnsReply AskMx() {
    std::unique_ptr<Resolver> resolver = MakeResolver(Options());
    return Ask(*resolver, Mx("example.test"));
  }

  template <class Condition>
  void RunUntil(Condition condition) {
    auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io_.run_one_for(std::chrono::milliseconds(50));
      io_.restart();
    }
    EXPECT_TRUE(condition()) << "nothing happened within 5 s";
  }

  static DnsQuestion Mx(std::string name) {
    DnsQuestion question;
    question.name = std::move(name);
    question.type = RrType::kMx;
    return question;
  }

  void Udp(std::function<void(DnsReplyBuilder&)> shape) {
    server_.OnUdp([shape](const std::string& query) {
      DnsReplyBuilder reply(query);
      shape(reply);
      return std::vector<std::string>{reply.Build()};
    });
  }

  void Tcp(std::function<void(DnsReplyBuilder&)> shape) {
    server_.OnTcp([shape](const std::string& query) {
      DnsReplyBuilder reply(query);
      shape(reply);
      return std::vector<std::string>{reply.Build()};
    });
  }

  boost::asio::io_context io_;
  DnsServer server_{io_};
};

}  // namespace postwatch
