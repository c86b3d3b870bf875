#include "collector/correlate/explain.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

const absl::Time kSince = absl::FromUnixSeconds(1800000000);  // 08:00:00Z

Verdict ImapDown() {
  Verdict verdict{.component = {"svc", "alpha/imap"},
                  .klass = FailureClass::kTcpRefused,
                  .level = VerdictLevel::kReal,
                  .leg = Leg::kAccess,
                  .provider = "alpha"};
  verdict.scope = {{.region = "ap", .healthy = 1},
                   {.region = "eu", .failing = 2},
                   {.region = "us", .masked = 1}};
  return verdict;
}

TEST(ExplainTest, TellsWhatFailsHowAndFromWhere) {
  EXPECT_EQ(Explain(ImapDown(), kSince, false, {}),
            "IMAP at alpha fails: the host answered SYN with RST: nothing listens, or a firewall "
            "rejects (tcp_refused), seen from 1 of 3 regions (eu) since 08:00:00Z; well from ap; "
            "unknown from us. New mail is accepted and kept; people cannot read it until this "
            "ends.");
}

TEST(ExplainTest, NamesTheParts) {
  const std::string text =
      Explain(ImapDown(), kSince, false, {{"svc", "alpha/pop3"}, {"site", "192.0.2.1"}});
  EXPECT_NE(text.find(" Part of it: POP3 at alpha, front end 192.0.2.1. "), text.npos) << text;
}

TEST(ExplainTest, ASingleVantageIsToldWithReserve) {
  EXPECT_TRUE(
      Explain(ImapDown(), kSince, true, {}).ends_with(" Single vantage, path not excluded."));
}

TEST(ExplainTest, ALocalFaultIsNoOutage) {
  Verdict verdict = ImapDown();
  verdict.component = {"path", "as-eu>alpha"};
  verdict.level = VerdictLevel::kLocal;
  verdict.evidence.agents = {"eu-1", "eu-2"};
  const std::string text = Explain(verdict, kSince, false, {});
  EXPECT_TRUE(text.starts_with("The path as-eu>alpha: ")) << text;
  EXPECT_TRUE(
      text.ends_with("at agent eu-1, eu-2 since 08:00:00Z, while ap sees the same checks "
                     "pass. Local, no outage of alpha."))
      << text;
}

TEST(ExplainTest, SaysWhatWouldTellARivalFromTheVerdict) {
  EXPECT_EQ(DecidingObservation(ImapDown(), {"site", "192.0.2.1"}),
            "another host or address of alpha");
  EXPECT_EQ(DecidingObservation(ImapDown(), {"auth", "alpha"}),
            "the login of a second account at alpha");
  EXPECT_EQ(DecidingObservation(ImapDown(), {"moon", "full"}), "");
}

TEST(ExplainTest, DescribesComponentsInWords) {
  EXPECT_EQ(Describe({"svc", "alpha/submission"}), "submission at alpha");
  EXPECT_EQ(Describe({"cert", "mail.alpha"}), "the certificate of mail.alpha");
  EXPECT_EQ(Describe({"moon", "full"}), "moon:full");
}

}  // namespace
}  // namespace postwatch::collector
