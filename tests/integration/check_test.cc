// `postwatch check` as it is run, against DNS servers on loopback.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>
#include <thread>
#include <utility>

#include "cli/check/check_command.h"
#include "cli/command.h"
#include "common/base/text.h"
#include "tests/support/command_run.h"
#include "tests/support/dns_server.h"
#include "tests/support/test_folder.h"

namespace postwatch::cli {
namespace {

// A DNS server on a thread of its own.
class Nameserver {
 public:
  explicit Nameserver(DnsServer::Script script) {
    server_.OnUdp(std::move(script));
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Nameserver() {
    io_.stop();
    thread_.join();
  }

  std::string address() const { return Concat("127.0.0.1:", server_.address().port); }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  DnsServer server_{io_};
  std::thread thread_;
};

// Answers every question with this TXT record; "" gives an empty answer.
DnsServer::Script Txt(const std::string& text) {
  return [text](const std::string& query) {
    DnsReplyBuilder reply(query);
    if (!text.empty()) reply.Txt(text);
    return std::vector<std::string>{reply.Build()};
  };
}

DnsServer::Script Refused() {
  return [](const std::string& query) {
    return std::vector<std::string>{DnsReplyBuilder(query).Set(Rcode::kRefused).Build()};
  };
}

class CheckCommandTest : public testing::Test {
 protected:
  CommandRun Check(std::vector<const Nameserver*> resolvers, std::vector<std::string> words) {
    words.insert(words.begin(), {"alpha.test", "--only", "dns.spf", "--timeout", "10s"});
    for (const Nameserver* resolver : resolvers) {
      words.insert(words.end(), {"--resolver", resolver->address()});
    }
    return RunCommand(RunCheck, words);
  }

  static bool Has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
  }

  TestFolder folder_;
};

TEST_F(CheckCommandTest, WhatIsMissingIsAWarning) {
  const Nameserver none(Txt(""));
  const CommandRun text = Check({&none}, {});
  EXPECT_EQ(text.code, kWarning) << text.err;
  EXPECT_TRUE(Has(text.out, "\nDNS\n  WARN   dns.spf  spf_missing")) << text.out;
  EXPECT_TRUE(text.out.ends_with("\nalpha.test: WARNING: dns.spf, spf_missing\n")) << text.out;
  EXPECT_EQ(text.err, "");
  EXPECT_EQ(Check({&none}, {"--fail-on", "critical"}).code, kOk);
  EXPECT_TRUE(Check({&none}, {"--format", "nagios"})
                  .out.starts_with("MAIL WARNING - alpha.test: dns.spf spf_missing: "));
  EXPECT_TRUE(Has(Check({&none}, {"--color", "always"}).out, "\x1b[33mWARN\x1b[0m"));
  EXPECT_TRUE(Check({&none}, {"--progress"}).err.starts_with("1 of 1: dns.spf pass, "));
}

TEST_F(CheckCommandTest, ResolversThatAgreeAreMergedOthersNot) {
  const Nameserver one(Txt("v=spf1 -all")), same(Txt("v=spf1 -all")), other(Refused());
  const CommandRun agree = Check({&one, &same}, {"--format", "json"});
  EXPECT_EQ(agree.code, kOk) << agree.out;
  EXPECT_TRUE(Has(agree.out, Concat(R"("resolvers":[")", one.address(), R"(",")", same.address(),
                                    R"("]}],)")) ||
              Has(agree.out,
                  Concat(R"("resolvers":[")", one.address(), R"(",")", same.address(), R"("]}]})")))
      << agree.out;
  const CommandRun differ = Check({&one, &other}, {});
  EXPECT_EQ(differ.code, kOk) << differ.out;
  EXPECT_TRUE(Has(differ.out, Concat("  ok     dns.spf  by ", one.address(), ": v=spf1 -all")))
      << differ.out;
  EXPECT_TRUE(Has(differ.out, Concat("  ?      dns.spf  by ", other.address(), ": not tested: ")))
      << differ.out;
  EXPECT_EQ(Check({&other}, {}).code, kUnknown);
}

TEST_F(CheckCommandTest, WithABaselineOnlyWhatIsNewCounts) {
  const Nameserver none(Txt("")), good(Txt("v=spf1 -all"));
  const std::string bad_file = folder_ / "bad.json", good_file = folder_ / "good.json";
  std::ofstream(bad_file) << Check({&none}, {"--format", "json"}).out;
  std::ofstream(good_file) << Check({&good}, {"--format", "json"}).out;
  const CommandRun known = Check({&none}, {"--baseline", bad_file});
  EXPECT_EQ(known.code, kOk);
  EXPECT_TRUE(Has(known.out, "  known  dns.spf  spf_missing")) << known.out;
  EXPECT_EQ(Check({&none}, {"--baseline", good_file}).code, kWarning);
  const CommandRun fixed = Check({&good}, {"--baseline", bad_file});
  EXPECT_EQ(fixed.code, kOk);
  EXPECT_TRUE(Has(fixed.out, "  fixed  dns.spf  spf_missing\n")) << fixed.out;
  EXPECT_EQ(Check({&good}, {"--baseline", folder_ / "none.json"}).code, kNoInput);
  std::ofstream(good_file) << "{}";
  EXPECT_EQ(Check({&good}, {"--baseline", good_file}).code, kDataError);
}

TEST_F(CheckCommandTest, AnInterruptPrintsWhatIsKnown) {
  bool sent = false;
  const Nameserver silent([&sent](const std::string&) {
    if (!std::exchange(sent, true)) ::kill(::getpid(), SIGINT);
    return std::vector<std::string>();
  });
  const CommandRun run = Check({&silent}, {});
  EXPECT_EQ(run.code, kUnknown);
  EXPECT_TRUE(Has(run.out, "  ?      dns.spf  not tested: interrupted\n")) << run.out;
  EXPECT_TRUE(
      run.out.ends_with("alpha.test: UNKNOWN: interrupted, so that not everything was "
                        "tested\n"))
      << run.out;
}

TEST_F(CheckCommandTest, MistakesOfUsageExit64) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--only", "telepathy"},
                                             {"--format", "pdf"},
                                             {"--fail-on", "info"},
                                             {"--color", "pink"},
                                             {"--timeout", "1h"},
                                             {"--resolver", "nowhere"},
                                             {"beta.test"},
                                             {"--mailbox", "/none"}}) {
    const CommandRun run = Check({}, words);
    EXPECT_EQ(run.code, kUsage) << Join(words, " ");
    EXPECT_NE(run.err, "") << Join(words, " ");
  }
}

}  // namespace
}  // namespace postwatch::cli
