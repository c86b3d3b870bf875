#include "collector/scenario/scenario_topology.h"

#include <gtest/gtest.h>

#include "tests/unit/collector/scenario/reading.h"

namespace postwatch::collector {
namespace {

using Names = std::vector<std::string>;
using Line = ScenarioReader::Line;

class Topology : public testing::Test {
 protected:
  Topology() { EXPECT_EQ(in.Take(kTopology), ""); }

  Reading in;
};

TEST_F(Topology, SaysHowOftenChecksRun) {
  EXPECT_EQ(in.line, Line::kTopology);
  EXPECT_EQ(in.reader.interval(), absl::Seconds(120));
  EXPECT_FALSE(in.reader.plan());
}

TEST_F(Topology, MailToAHost) {
  ASSERT_EQ(in.Result(R"("check":"smtp","target":"p","endpoint":"mx2.p","outcome":"ok")"), "");
  EXPECT_EQ(in.Touched(),
            (Names{"agent:a1", "isp:as1", "path:as1>p", "provider:p", "site:p-eu", "dc:dc1",
                   "mx:mx2.p", "svc:p/smtp", "cert:p/smtp", "listed:a1@p", "dnsbl:a1"}));
}

TEST_F(Topology, MailToAProviderThatAsksNoBlocklist) {
  ASSERT_EQ(in.Result(R"("check":"smtp","target":"q","endpoint":"mx9","outcome":"ok")"), "");
  EXPECT_EQ(in.Touched(), (Names{"agent:a1", "isp:as1", "path:as1>q", "provider:q", "site:mx9",
                                 "mx:mx9", "svc:q/smtp", "cert:q/smtp", "listed:a1@q"}));
}

TEST_F(Topology, MailboxesByEitherProtocol) {
  for (const std::string protocol : {"imap", "pop3"}) {
    ASSERT_EQ(in.Result(Concat(R"("check":")", protocol,
                               R"(","target":"p","endpoint":"p-us","acct":3,"outcome":"ok")")),
              "");
    EXPECT_EQ(in.Touched(),
              (Names{"agent:a1", "isp:as1", "path:as1>p", "provider:p", "site:p-us", "dc:dc2",
                     "svc:p/" + protocol, "auth:p", "acct:p/3", "cert:p/" + protocol}));
  }
}

constexpr std::string_view kLetter =
    R"("check":"rt","target":"p","endpoint":"mx1.p","acct":2,"outcome":"ok")";

TEST_F(Topology, LettersAreFetchedByImap) {
  ASSERT_EQ(in.Result(kLetter), "");
  EXPECT_EQ(in.Touched(),
            (Names{"agent:a1", "isp:as1", "path:as1>p", "provider:p", "site:p-eu", "dc:dc1",
                   "mx:mx1.p", "svc:p/smtp", "cert:p/smtp", "listed:a1@p", "dnsbl:a1", "svc:p/imap",
                   "auth:p", "acct:p/2", "mbox:p/2", "queue:p"}));
}

TEST_F(Topology, LettersAreFetchedByPopWhereMailboxesAreReadByNothingElse) {
  const auto fetched = [&] {
    EXPECT_EQ(in.Result(kLetter), "");
    return in.Touched()[11];
  };
  EXPECT_EQ(fetched(), "svc:p/imap");
  ASSERT_EQ(in.Result(R"("check":"pop3","target":"p","endpoint":"p-eu","acct":2,"outcome":"ok")"),
            "");
  EXPECT_EQ(fetched(), "svc:p/pop3");
  ASSERT_EQ(in.Result(R"("check":"imap","target":"p","endpoint":"p-eu","acct":2,"outcome":"ok")"),
            "");
  EXPECT_EQ(fetched(), "svc:p/imap");
}

TEST_F(Topology, NamesThroughTheResolver) {
  ASSERT_EQ(in.Result(R"("check":"dns","target":"p","outcome":"ok")"), "");
  EXPECT_EQ(in.Touched(), (Names{"agent:a1", "isp:as1", "resolver:r1", "zone:p", "hoster:h1"}));
  ASSERT_EQ(in.Result(R"("check":"dns","target":"d.test","outcome":"ok")"), "");
  EXPECT_EQ(in.Touched(),
            (Names{"agent:a1", "isp:as1", "resolver:r1", "zone:d.test", "hoster:h2"}));
  ASSERT_EQ(in.Result(R"("check":"dns","target":"anchorzone","outcome":"ok")"), "");
  EXPECT_EQ(in.Touched(), (Names{"agent:a1", "isp:as1", "resolver:r1"}));
}

TEST_F(Topology, NamesFromOneServer) {
  ASSERT_EQ(in.Result(R"("check":"dnsauth","target":"q","endpoint":"1","outcome":"ok")"), "");
  EXPECT_EQ(in.Touched(),
            (Names{"agent:a1", "isp:as1", "zone:q", "hoster:self:q", "provider:q", "ns:q/1"}));
}

TEST_F(Topology, ANeutralParty) {
  ASSERT_EQ(in.Result(R"("check":"anchor","target":"x","outcome":"ok")"), "");
  EXPECT_EQ(in.Touched(), (Names{"agent:a1", "isp:as1", "anchor:x"}));
}

TEST_F(Topology, AnAgentThatDeclaresNothing) {
  ASSERT_EQ(in.Take(R"({"type":"result","recv":1,"ts":1,"seq":1,"agent":"a2","check":"dns",)"
                    R"("target":"d.test","outcome":"ok"})"),
            "");
  EXPECT_EQ(in.Touched(), (Names{"agent:a2", "zone:d.test", "hoster:h2"}));
  EXPECT_EQ(in.sighting().vantage, (Vantage{.agent = "a2", .region = "us"}));
}

TEST(TopologyLine, MayNameTheChecks) {
  Reading in;
  ASSERT_EQ(in.Take(R"({"type":"topology","v":1,"agents":[],"providers":[],"checks":[)"
                    R"({"id":"c/mx","kind":"smtp.mx","target":"c","provider":"p","leg":"inbound",)"
                    R"("interval_s":30},{"id":"w","leg":"control"}]})"),
            "");
  ASSERT_TRUE(in.reader.plan());
  const std::vector<CheckSpec> expected = {{.id = "c/mx",
                                            .kind = "smtp.mx",
                                            .target = "c",
                                            .provider = "p",
                                            .leg = Leg::kInbound,
                                            .interval = absl::Seconds(30)},
                                           {.id = "w", .leg = Leg::kControl}};
  EXPECT_EQ(in.reader.plan()->checks, expected);
}

TEST(TopologyLine, SaysWhatIsWrongWithIt) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"("v":2,"agents":[],"providers":[])", "the topology is not of version 1"},
      {R"("agents":[],"providers":[])", "the topology is not of version 1"},
      {R"("v":1,"interval_s":0,"agents":[],"providers":[])",
       "'interval_s' is not between 0 and 86400"},
      {R"("v":1,"interval_s":86401,"agents":[],"providers":[])",
       "'interval_s' is not between 0 and 86400"},
      {R"("v":1,"providers":[])", "'agents' is missing"},
      {R"("v":1,"agents":[{"region":"eu"}],"providers":[])", "an agent without 'id'"},
      {R"("v":1,"agents":[])", "'providers' is missing"},
      {R"("v":1,"agents":[],"providers":[{"id":"p"}])", "a provider without 'sites'"},
      {R"("v":1,"agents":[],"providers":[],"checks":[{"id":"c"}])",
       "a check without 'id' or 'leg'"},
      {R"("v":1,"agents":[],"providers":[],"checks":[{"leg":"dns"}])",
       "a check without 'id' or 'leg'"},
  };
  for (const auto& [fields, what] : wrong) {
    Reading in;
    EXPECT_EQ(in.Take(Concat(R"({"type":"topology",)", fields, "}")), what) << fields;
    EXPECT_EQ(in.line, Line::kNothing);
    EXPECT_FALSE(in.reader.has_topology());
    EXPECT_EQ(in.Take(kTopology), "") << "a good one may follow";
  }
}

}  // namespace
}  // namespace postwatch::collector
