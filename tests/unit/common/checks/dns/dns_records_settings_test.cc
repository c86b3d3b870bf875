#include "common/checks/dns/dns_records_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsRecordsSettings, AreReadInOneForm) {
  Mistakes mistakes;
  const DnsRecordsSettings settings = ReadDnsRecordsSettings(
      YamlCheck("ask: authorities\n"
                "expect:\n"
                "  - {type: mx, values: [10 MX1.alpha.test., 20 mx2.alpha.test]}\n"
                "  - {name: _dmarc.Alpha.test, type: TXT, within: ['v=DMARC1; p=reject'],\n"
                "     previous: ['\"v=DMARC1; \" \"p=none\"']}\n"
                "  - {name: '@', type: CAA, values: []}\n"),
      mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{});
  EXPECT_TRUE(settings.ask_authorities);
  ASSERT_EQ(settings.expect.size(), 3u);
  EXPECT_EQ(settings.expect[0].name, "alpha.test");
  EXPECT_EQ(settings.expect[0].type, RrType::kMx);
  EXPECT_TRUE(settings.expect[0].exact);
  EXPECT_EQ(settings.expect[0].values,
            (std::set<std::string>{"10 mx1.alpha.test", "20 mx2.alpha.test"}));
  EXPECT_EQ(settings.expect[1].name, "_dmarc.alpha.test");
  EXPECT_FALSE(settings.expect[1].exact);
  EXPECT_EQ(settings.expect[1].values, (std::set<std::string>{"\"v=DMARC1; p=reject\""}));
  EXPECT_EQ(settings.expect[1].previous, (std::set<std::string>{"\"v=DMARC1; p=none\""}));
  EXPECT_TRUE(settings.expect[2].exact);
  EXPECT_TRUE(settings.expect[2].values.empty());
  EXPECT_EQ(settings.expect[2].name, "alpha.test");
}

TEST(DnsRecordsSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadDnsRecordsSettings, "{}"),
            Lines{"c.yaml:1: c.expect: is missing; it says which records there should be"});
  EXPECT_EQ(MistakesOf(ReadDnsRecordsSettings,
                       "expect:\n"
                       "  - {type: MX, values: [mx1.test]}\n"
                       "  - {type: SOA, values: [x]}\n"
                       "  - {values: [x]}\n"
                       "  - {type: A}\n"
                       "  - {type: A, values: [], within: []}\n"
                       "  - {name: 'a b', type: A, values: []}\n"
                       "ask: everybody\n"),
            (Lines{"c.yaml:2: c.expect[0].values: 'mx1.test' is no MX record",
                   "c.yaml:3: c.expect[1].type: 'SOA' is none of A, AAAA, MX, NS, TXT, CNAME, CAA, "
                   "TLSA, SRV, PTR",
                   "c.yaml:4: c.expect[2].type: is missing",
                   "c.yaml:5: c.expect[3].values: must be given, or else `within`, and not both",
                   "c.yaml:6: c.expect[4].values: must be given, or else `within`, and not both",
                   "c.yaml:7: c.expect[5].name: 'a b' is not a host name",
                   "c.yaml:8: c.ask: 'everybody' is none of resolver, authorities"}));
}

}  // namespace
}  // namespace postwatch
