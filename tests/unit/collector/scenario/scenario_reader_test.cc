#include "collector/scenario/scenario_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/scenario/reading.h"

namespace postwatch::collector {
namespace {

using Line = ScenarioReader::Line;
using Names = std::vector<std::string>;

class ScenarioReaderTest : public testing::Test {
 protected:
  ScenarioReaderTest() { EXPECT_EQ(in.Take(kTopology), ""); }

  Reading in;
};

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

TEST_F(ScenarioReaderTest, ReadsEveryField) {
  ASSERT_EQ(in.Result(R"("check":"imap","target":"p","endpoint":"p-eu","acct":4,"why":"confirm",)"
                      R"("outcome":"fail","err":"auth","ms":250)"),
            "");
  EXPECT_EQ(in.line, Line::kResult);
  const Sighting& sighting = in.sighting();
  EXPECT_EQ(sighting.received, At(1000.5));
  EXPECT_EQ(sighting.sequence, 7U);
  EXPECT_EQ(sighting.spool_id, "");
  EXPECT_EQ(sighting.vantage,
            (Vantage{.agent = "a1", .region = "eu", .network = "as1", .resolver = "r1"}));
  EXPECT_EQ(sighting.provider, "p");
  EXPECT_EQ(sighting.leg, Leg::kAccess);
  EXPECT_TRUE(sighting.crossing_known);
  const Observation& seen = in.seen();
  EXPECT_EQ(seen.id, "a1#7");
  EXPECT_EQ(seen.check_id, "imap/p/p-eu/4");
  EXPECT_EQ(seen.kind, "imap");
  EXPECT_EQ(seen.target, "p");
  EXPECT_EQ(seen.started, At(990));
  EXPECT_EQ(seen.took, absl::Milliseconds(250));
  EXPECT_EQ(seen.outcome, Outcome::kFail);
  ASSERT_TRUE(seen.failure);
  EXPECT_EQ(seen.failure->klass, FailureClass::kImapAuthFailed);
  EXPECT_EQ(seen.run_request, "confirm");
}

TEST_F(ScenarioReaderTest, WhatALineLeavesOutHasUsualValues) {
  ASSERT_EQ(in.Result(R"("check":"dns","target":"p","outcome":"ok")"), "");
  EXPECT_EQ(in.seen().check_id, "dns/p//-1");
  EXPECT_EQ(in.seen().outcome, Outcome::kPass);
  EXPECT_FALSE(in.seen().failure);
  EXPECT_EQ(in.seen().run_request, "");
  EXPECT_EQ(in.seen().took, absl::Milliseconds(300));
}

TEST_F(ScenarioReaderTest, APassAfterAFailureIsNone) {
  ASSERT_EQ(in.Result(R"("check":"dns","target":"p","outcome":"fail","err":"servfail")"), "");
  EXPECT_TRUE(in.seen().failure);
  ASSERT_EQ(in.Result(R"("check":"dns","target":"p","why":"sched","outcome":"ok")"), "");
  EXPECT_FALSE(in.seen().failure);
  EXPECT_EQ(in.seen().outcome, Outcome::kPass);
}

TEST_F(ScenarioReaderTest, ErrorsAreFailureClasses) {
  struct Case {
    std::string error;
    FailureClass klass;
    double took;
  };
  const std::vector<Case> cases = {
      {"timeout", FailureClass::kTcpTimeout, 10},
      {"refused", FailureClass::kTcpRefused, 0.3},
      {"reset", FailureClass::kTcpReset, 0.3},
      {"dns_timeout", FailureClass::kDnsTimeout, 5},
      {"servfail", FailureClass::kDnsServfail, 0.3},
      {"nxdomain", FailureClass::kDnsNxdomain, 0.3},
      {"tls_expired", FailureClass::kTlsCertExpired, 0.3},
      {"tls_other", FailureClass::kTlsHandshakeFailed, 0.3},
      {"auth", FailureClass::kImapAuthFailed, 0.3},
      {"quota", FailureClass::kSmtpMailboxFullPerm, 0.3},
      {"policy", FailureClass::kSmtpBlocklistedPerm, 0.3},
      {"temp4xx", FailureClass::kSmtpUnclassified4xx, 0.3},
      {"not_delivered", FailureClass::kDeliveryLost, 90},
  };
  for (const Case& c : cases) {
    ASSERT_EQ(
        in.Result(Concat(R"("check":"dns","target":"p","outcome":"fail","err":")", c.error, "\"")),
        "");
    EXPECT_EQ(in.seen().failure->klass, c.klass) << c.error;
    EXPECT_EQ(in.seen().took, absl::Seconds(c.took)) << c.error;
  }
}

TEST_F(ScenarioReaderTest, ChecksAreLegs) {
  const std::vector<std::pair<std::string, Leg>> cases = {
      {"dns", Leg::kDns},       {"dnsauth", Leg::kDns}, {"smtp", Leg::kInbound},
      {"imap", Leg::kAccess},   {"pop3", Leg::kAccess}, {"rt", Leg::kDelivery},
      {"anchor", Leg::kControl}};
  for (const auto& [check, leg] : cases) {
    ASSERT_EQ(in.Result(Concat(R"("check":")", check, R"(","target":"p","outcome":"ok")")), "");
    EXPECT_EQ(in.sighting().leg, leg) << check;
  }
}

TEST_F(ScenarioReaderTest, WhatWasRecordedInProductionNeedsNoDeclaredTarget) {
  ASSERT_EQ(in.Result(R"("check":"smtp","target":"c.test","outcome":"fail","err":"auth","id":"ab",)"
                      R"("check_id":"c.test/submission","kind":"smtp.submission","provider":"pr",)"
                      R"("leg":"submission","spool":"s1","class":"smtp_auth_failed",)"
                      R"("amends":"cd","crossed":["auth:pr","site:2001:db8::1"])"),
            "");
  EXPECT_EQ(in.sighting().provider, "pr");
  EXPECT_EQ(in.sighting().leg, Leg::kSubmission);
  EXPECT_EQ(in.sighting().spool_id, "s1");
  EXPECT_EQ(in.seen().id, "ab");
  EXPECT_EQ(in.seen().check_id, "c.test/submission");
  EXPECT_EQ(in.seen().kind, "smtp.submission");
  EXPECT_EQ(in.seen().target, "c.test");
  EXPECT_EQ(in.seen().amends, "cd");
  EXPECT_EQ(in.seen().failure->klass, FailureClass::kSmtpAuthFailed);
  const std::vector<ComponentRef> touched = {{"auth", "pr"}, {"site", "2001:db8::1"}};
  EXPECT_EQ(in.seen().touched, touched);
  ASSERT_EQ(in.Result(R"("check":"smtp","target":"c.test","outcome":"fail","class":"tcp_reset",)"
                      R"("check_id":"c.test/submission","crossed":["mx:m"])"),
            "")
      << "a class needs no err";
  EXPECT_EQ(in.seen().failure->klass, FailureClass::kTcpReset);
  EXPECT_EQ(in.Touched(), Names{"mx:m"}) << "the same check may cross something else";
  EXPECT_EQ(in.seen().amends, "");
}

TEST_F(ScenarioReaderTest, SkipsWhatItDoesNotKnowAndTheTopologyOnceMore) {
  const std::vector<std::string_view> skipped = {R"({"type":"fault","id":3})", "", "  \t\r",
                                                 kTopology};
  for (const std::string_view text : skipped) {
    EXPECT_EQ(in.Take(text), "") << text;
    EXPECT_EQ(in.line, Line::kNothing) << text;
  }
}

TEST_F(ScenarioReaderTest, SaysWhatIsWrongWithALine) {
  EXPECT_EQ(in.Take("{\"type\":"),
            "is no JSON: The JSON document has an improper structure: "
            "missing or superfluous commas, braces, missing keys, etc.");
  EXPECT_EQ(in.Take("{\"type\":\"\xff\"}"), "is no JSON: The input is not valid UTF-8");
  EXPECT_EQ(in.Take("[1]"), "'type' is missing or no text");
  EXPECT_EQ(in.Take("{}"), "'type' is missing or no text");
  EXPECT_EQ(in.Take(R"({"type":1})"), "'type' is missing or no text");
  EXPECT_EQ(in.Take(R"({"type":"topology","v":1,"agents":[],"providers":[]})"), "another topology");
}

TEST_F(ScenarioReaderTest, SaysWhatIsWrongWithAResult) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"("ts":1,"seq":1,"agent":"a1","check":"dns","target":"p","outcome":"ok")",
       "'recv' is missing or no time in seconds"},
      {R"("recv":1e12,"ts":1,"seq":1,"agent":"a1","check":"dns","target":"p","outcome":"ok")",
       "'recv' is missing or no time in seconds"},
      {R"("recv":1,"ts":"1","seq":1,"agent":"a1","check":"dns","target":"p","outcome":"ok")",
       "'ts' is missing or no time in seconds"},
      {R"("recv":1,"ts":1,"seq":1,"agent":"","check":"dns","target":"p","outcome":"ok")",
       "'agent' is missing or no text"},
      {R"("recv":1,"ts":1,"seq":1,"agent":"a1","target":"p","outcome":"ok")",
       "'check' is missing or no text"},
      {R"("recv":1,"ts":1,"seq":1,"agent":"a1","check":"dns","outcome":"ok")",
       "'target' is missing or no text"},
      {R"("recv":1,"ts":1,"agent":"a1","check":"dns","target":"p","outcome":"ok")",
       "'seq' is missing or no number"},
      {R"("recv":1,"ts":1,"seq":-1,"agent":"a1","check":"dns","target":"p","outcome":"ok")",
       "'seq' is missing or no number"},
  };
  for (const auto& [fields, what] : wrong) {
    EXPECT_EQ(in.Take(Concat(R"({"type":"result",)", fields, "}")), what) << fields;
  }
  const std::vector<std::pair<std::string, std::string>> of_outcome = {
      {R"("check":"dns","target":"p")", "'outcome' is missing or no text"},
      {R"("check":"dns","target":"p","outcome":"well")", "'outcome' is neither ok nor fail"},
      {R"("check":"dns","target":"p","outcome":"fail")", "'err' is missing or no text"},
      {R"("check":"dns","target":"p","outcome":"fail","err":"odd")", "'err' is unknown: odd"},
      {R"("check":"dns","target":"p","outcome":"fail","class":"odd")", "'class' is unknown: odd"},
      {R"("check":"icmp","target":"p","outcome":"ok")", "'check' is unknown: icmp"},
      {R"("check":"dns","target":"p","leg":"arm","outcome":"ok")", "'leg' is unknown: arm"},
      {R"("check":"imap","target":"p","acct":1048577,"outcome":"ok")", "'acct' is out of range"},
      {R"("check":"imap","target":"p","acct":-2,"outcome":"ok")", "'acct' is out of range"},
      {R"("check":"dns","target":"o","outcome":"ok")", "target 'o' is not declared"},
      {R"("check":"smtp","target":"d.test","outcome":"ok")", "target 'd.test' is not declared"},
      {R"("check":"smtp","target":"anchorzone","outcome":"ok")",
       "target 'anchorzone' is not declared"},
      {R"("check":"dns","target":"p","outcome":"ok","crossed":[1])", "'crossed' holds no text"},
      {R"("check":"dns","target":"p","outcome":"ok","crossed":["mx"])",
       "'crossed' holds something that is no 'kind:name'"},
      {R"("check":"dns","target":"p","outcome":"ok","crossed":[":m"])",
       "'crossed' holds something that is no 'kind:name'"},
  };
  for (const auto& [fields, what] : of_outcome) {
    EXPECT_EQ(in.Result(fields), what) << fields;
    EXPECT_EQ(in.line, Line::kNothing);
  }
  EXPECT_EQ(in.Take(R"({"type":"result","recv":1,"ts":1,"seq":1,"agent":"a9","check":"dns",)"
                    R"("target":"p","outcome":"ok"})"),
            "agent 'a9' is not declared");
}

TEST_F(ScenarioReaderTest, AResultCrossesNoMoreThanItMay) {
  std::string crossed = "\"mx:0\"";
  for (int i = 1; i < 64; ++i) Append(crossed, ",\"mx:", i, "\"");
  const auto result = [](const std::string& list) {
    return Concat(R"("check":"dns","target":"p","outcome":"ok","crossed":[)", list, "]");
  };
  EXPECT_EQ(in.Result(result(crossed)), "");
  EXPECT_EQ(in.seen().touched.size(), 64U);
  EXPECT_EQ(in.Result(result(crossed + ",\"mx:64\"")), "'crossed' holds more than 64 components");
}

TEST(ScenarioReaderStart, NeedsATopologyFirst) {
  Reading in;
  EXPECT_EQ(in.Result(R"("check":"dns","target":"p","outcome":"ok")"),
            "a result before the topology");
  EXPECT_FALSE(in.reader.has_topology());
}

}  // namespace
}  // namespace postwatch::collector
