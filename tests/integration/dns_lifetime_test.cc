// Queries that are given up, and resolvers and loops that go while queries wait.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/integration/dns_fixture.h"

namespace postwatch {
namespace {

using DnsLifetimeTest = DnsFixture;

Task<void> AskMany(Resolver& resolver, DnsQuestion question, int count, int& good) {
  for (int i = 0; i < count; ++i) {
    DnsReply reply = co_await resolver.Query(question);
    if (reply.transport == DnsTransport::kReplied) ++good;
  }
}

TEST_F(DnsLifetimeTest, CancellingTheCallerLeavesNothingBehind) {
  std::unique_ptr<Resolver> resolver = MakeResolver(Options());
  boost::asio::cancellation_signal cancel;
  std::optional<DnsReply> reply;
  boost::asio::co_spawn(io_, AskInto(*resolver, Mx("example.test"), reply),
                        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  RunUntil([&] { return server_.udp_queries().size() == 1; });
  cancel.emit(boost::asio::cancellation_type::terminal);
  RunUntil([&] { return reply.has_value(); });
  EXPECT_EQ(reply->transport, DnsTransport::kCancelled);
  // The next query is not disturbed by the one given up.
  Udp([](DnsReplyBuilder& r) { r.Mx(10, "mx"); });
  EXPECT_EQ(Ask(*resolver, Mx("example.test")).transport, DnsTransport::kReplied);
}

// Waits for its cancellation, takes no notice of it, and asks then.
Task<void> AskOnceCancelled(boost::asio::steady_timer& timer, Resolver& resolver,
                            DnsQuestion question, std::optional<DnsReply>& out) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  out = co_await resolver.Query(std::move(question));
}

TEST_F(DnsLifetimeTest, AQueryThatBeginsAfterTheCancellationIsNotSent) {
  std::unique_ptr<Resolver> resolver = MakeResolver(Options());
  boost::asio::steady_timer timer(io_, std::chrono::steady_clock::time_point::max());
  boost::asio::cancellation_signal cancel;
  std::optional<DnsReply> reply;
  boost::asio::co_spawn(io_, AskOnceCancelled(timer, *resolver, Mx("example.test"), reply),
                        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  io_.poll();
  cancel.emit(boost::asio::cancellation_type::terminal);
  RunUntil([&] { return reply.has_value(); });
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->transport, DnsTransport::kCancelled);
  EXPECT_EQ(reply->took, absl::ZeroDuration());
  EXPECT_TRUE(server_.udp_queries().empty());
}

TEST_F(DnsLifetimeTest, TheResolverMayGoWhileQueriesWait) {
  ResolverOptions options = Options();
  options.max_in_flight = 1;
  std::unique_ptr<Resolver> resolver = MakeResolver(options);
  std::optional<DnsReply> first, second;
  boost::asio::co_spawn(io_, AskInto(*resolver, Mx("a.test"), first), boost::asio::detached);
  boost::asio::co_spawn(io_, AskInto(*resolver, Mx("b.test"), second), boost::asio::detached);
  RunUntil([&] { return server_.udp_queries().size() == 1; });
  resolver.reset();
  RunUntil([&] { return first.has_value() && second.has_value(); });
  EXPECT_EQ(first->transport, DnsTransport::kCancelled);
  EXPECT_EQ(second->transport, DnsTransport::kCancelled);
}

TEST_F(DnsLifetimeTest, TheLoopMayGoWhileQueriesWait) {
  std::optional<DnsReply> first, second;
  {
    boost::asio::io_context io;
    ResolverOptions options = Options();
    options.max_in_flight = 1;
    std::unique_ptr<Resolver> resolver = MakeResolver(options);
    boost::asio::co_spawn(io, AskInto(*resolver, Mx("a.test"), first), boost::asio::detached);
    boost::asio::co_spawn(io, AskInto(*resolver, Mx("b.test"), second), boost::asio::detached);
    io.poll();
  }
  EXPECT_FALSE(first.has_value() || second.has_value());
}

TEST_F(DnsLifetimeTest, NoMoreThanMaxInFlightAtOnce) {
  ResolverOptions options = Options();
  options.max_in_flight = 3;
  options.tries = 1;
  std::unique_ptr<Resolver> resolver = MakeResolver(options);
  std::map<int, std::optional<DnsReply>> replies;
  for (int i = 0; i < 7; ++i) {
    boost::asio::co_spawn(io_, AskInto(*resolver, Mx("example.test"), replies[i]),
                          boost::asio::detached);
  }
  RunUntil([&] { return server_.udp_queries().size() == 3; });
  io_.run_for(std::chrono::milliseconds(50));
  EXPECT_EQ(server_.udp_queries().size(), 3u);
  Udp([](DnsReplyBuilder&) {});
  RunUntil([&] { return replies[6].has_value(); });
  EXPECT_EQ(replies[0]->transport, DnsTransport::kTimeout);
  EXPECT_EQ(replies[6]->transport, DnsTransport::kReplied);
}

TEST_F(DnsLifetimeTest, AnIdleResolverDoesNotKeepTheLoopBusy) {
  boost::asio::io_context io;
  ResolverOptions options = Options();  // the server never answers: it runs on another loop
  std::unique_ptr<Resolver> resolver = MakeResolver(options);
  std::optional<DnsReply> reply;
  boost::asio::co_spawn(io, AskInto(*resolver, Mx("example.test"), reply), boost::asio::detached);
  io.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(io.stopped()) << "work was left";
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->transport, DnsTransport::kTimeout);
}

TEST_F(DnsLifetimeTest, ManyAtOnce) {
  Udp([](DnsReplyBuilder& r) { r.Mx(10, "mx1.example.test"); });
  ResolverOptions options = Options();
  options.timeout = absl::Seconds(3);
  std::unique_ptr<Resolver> resolver = MakeResolver(options);
  int good = 0;
  for (int i = 0; i < 50; ++i) {
    boost::asio::co_spawn(io_, AskMany(*resolver, Mx("example.test"), 40, good),
                          boost::asio::detached);
  }
  RunUntil([&] { return good == 2000; });
  EXPECT_EQ(server_.udp_queries().size(), 2000u);
}

}  // namespace
}  // namespace postwatch
