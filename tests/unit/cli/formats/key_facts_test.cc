#include "cli/formats/key_facts.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1793620800);  // 2026-11-02 12:00:00 UTC

TEST(KeyFacts, TellsWhatMattersInWords) {
  EXPECT_EQ(KeyFacts({{"mx", "mx1.alpha.test, mx2.alpha.test"}, {"mx.ttl", "5m"}}, kNow, 80),
            "mx1.alpha.test, mx2.alpha.test");
  EXPECT_EQ(KeyFacts({{"mx.ok", "2/2"},
                      {"ip", "192.0.2.25"},
                      {"tls.version", "TLSv1.3"},
                      {"tls.sha256", "abcd"},
                      {"tls.not_after", "2027-01-03T00:00:00Z"}},
                     kNow, 80),
            "2/2 answer; certificate good for 61 days; TLSv1.3");
  EXPECT_EQ(KeyFacts({{"delivery.seconds", "1.2"}}, kNow, 80), "arrived in 1.2 s");
}

TEST(KeyFacts, TellsManyOfAKindAsOne) {
  EXPECT_EQ(
      KeyFacts({{"days_left.mx1.alpha.test:25", "61"}, {"days_left.mail.alpha.test:993", "7"}},
               kNow, 80),
      "2 endpoints, 7 days left");
  EXPECT_EQ(KeyFacts({{"days_left.mx1.alpha.test:25", "61"}}, kNow, 80),
            "1 endpoint, 61 days left");
  EXPECT_EQ(KeyFacts({{"dnsbl.a.test", "clean"}, {"dnsbl.b.test", "clean"}}, kNow, 80), "2 lists");
  EXPECT_EQ(KeyFacts({{"ptr.192.0.2.1", "mx1.alpha.test"}, {"ptr.192.0.2.2", "mx2.alpha.test"}},
                     kNow, 80),
            "mx1.alpha.test, mx2.alpha.test");
  EXPECT_EQ(KeyFacts({{"rdap.expires", "2027-01-03"}, {"rdap.registrar", "R Inc."}}, kNow, 80),
            "expires in 61 days; R Inc.");
}

TEST(KeyFacts, TellsFactsItDoesNotKnowByTheirNames) {
  EXPECT_EQ(KeyFacts({{"name_servers", "4"}, {"glue.ok", "yes"}}, kNow, 80),
            "glue ok yes; name servers 4");
}

TEST(KeyFacts, KeepsTheWidthAndLeavesOutWhatIsLong) {
  EXPECT_EQ(KeyFacts({{"record", "v=spf1 ip4:192.0.2.0/24 -all"}}, kNow, 16), "v=spf1 ip4:19...");
  EXPECT_EQ(KeyFacts({{"mx", "a.test"}, {"zzz", "12345678"}}, kNow, 12), "a.test");
  EXPECT_EQ(KeyFacts({{"mx", "a.test"}, {"key", std::string(100, 'x')}}, kNow, 1000), "a.test");
}

TEST(KeyFacts, NothingTellsNothing) { EXPECT_EQ(KeyFacts({{"mx.ttl", "5m"}}, kNow, 80), ""); }

TEST(KeyFacts, AServersWordsDoNotActOnTheTerminal) {
  EXPECT_EQ(KeyFacts({{"record", "a\x1b[31m"}}, kNow, 80), "a?[31m");
}

}  // namespace
}  // namespace postwatch::cli
