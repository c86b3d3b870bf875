#include "cli/explain/explain_command.h"

#include <gtest/gtest.h>

#include <vector>

#include "cli/command.h"

namespace postwatch::cli {
namespace {

struct Outcome {
  int code = -1;
  std::string out, err;
};

Outcome Explain(const std::vector<std::string_view>& words) {
  Outcome outcome;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.code = RunExplain(words);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(ExplainCommand, HelpSaysWhatItTakes) {
  const Outcome help = Explain({"--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_TRUE(help.out.starts_with("usage: postwatch explain [INCIDENT|last] [flags]\n"))
      << help.out;
  for (const char* flag : {"--collector", "--format"}) {
    EXPECT_NE(help.out.find(flag), std::string::npos) << help.out;
  }
}

TEST(ExplainCommand, WhatIsNoUsageExits64AndSaysWhy) {
  const auto complaint = [](const std::vector<std::string_view>& words) {
    const Outcome outcome = Explain(words);
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_EQ(complaint({"--all"}), "postwatch explain: --all is not a known flag; see --help\n");
  EXPECT_EQ(complaint({"--format", "pdf"}),
            "postwatch explain: --format 'pdf' is none of text, json\n");
  EXPECT_EQ(complaint({"--format", "json", "dns_servfail"}),
            "postwatch explain: --format json is for incidents only\n");
  for (const char* word : {"inc-xyz", "inc-0123456789abc", "INC-01", "0123", "inc-../agents", ""}) {
    EXPECT_EQ(complaint({word}),
              "postwatch explain: '" + std::string(word) +
                  "' is no incident (inc- and up to 12 hex digits), failure class, check kind, "
                  "reply of a mail server or record that is known here; see --help\n");
  }
}

TEST(ExplainCommand, SaysWhatMayHaveBeenMeant) {
  const Outcome outcome = Explain({"dns_servfial"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_TRUE(outcome.err.ends_with("; did you mean dns_servfail?\n")) << outcome.err;
  EXPECT_TRUE(Explain({"smtp.mxx"}).err.ends_with("; did you mean smtp.mx?\n"));
}

TEST(ExplainCommand, ExplainsOffline) {
  const std::vector<std::pair<std::vector<std::string_view>, std::string>> starts = {
      {{"dns_servfail"}, "dns_servfail: the resolver could not get an answer.\n"},
      {{"DNS_SERVFAIL"}, "dns_servfail: "},
      {{"dns.mx"}, "dns.mx checks that the domain's mail servers can be found in the DNS.\n"},
      {{"550"}, "550    the mailbox cannot be used: "},
      {{"4.2.2"}, "4.2.2  the mailbox is full.\n"},
      {{"550", "5.7.1", "Relaying", "denied"}, "550    the mailbox cannot be used"},
      {{"v=spf1", "mx", "-all"}, "SPF (RFC 7208): "},
      {{"10", "mx.example.com."}, "MX (RFC 5321 section 5.1): "},
  };
  for (const auto& [words, start] : starts) {
    const Outcome outcome = Explain(words);
    EXPECT_EQ(outcome.code, kOk) << outcome.err;
    EXPECT_TRUE(outcome.out.starts_with(start)) << outcome.out;
  }
}

}  // namespace
}  // namespace postwatch::cli
