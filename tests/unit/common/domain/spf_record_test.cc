#include "common/domain/spf_record.h"

#include <gtest/gtest.h>

#include "common/domain/ip_bytes.h"

namespace postwatch {
namespace {

SpfRecord Read(std::string_view text) {
  const absl::StatusOr<SpfRecord> record = ParseSpfRecord(text);
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() ? *record : SpfRecord();
}

std::string Mistake(std::string_view terms) {
  const absl::StatusOr<SpfRecord> record = ParseSpfRecord("v=spf1 " + std::string(terms));
  return std::string(record.status().message());
}

TEST(SpfRecord, IsToldByItsVersion) {
  EXPECT_TRUE(IsSpfRecord("v=spf1"));
  EXPECT_TRUE(IsSpfRecord("V=SPF1 -all"));
  EXPECT_FALSE(IsSpfRecord("v=spf10 -all"));
  EXPECT_FALSE(IsSpfRecord("v=spf1,-all"));
  EXPECT_FALSE(IsSpfRecord(" v=spf1 -all"));
  EXPECT_FALSE(IsSpfRecord("spf2.0/pra -all"));
}

TEST(SpfRecord, ReadsEveryMechanism) {
  const SpfRecord record = Read(
      "v=spf1 +a:mail.alpha.test/24//64 MX/28 ?ptr ip4:192.0.2.0/24 ip6:2001:db8::/32 "
      "exists:%{ir}.%{v}.x.alpha.test  include:b.test ~all");
  ASSERT_EQ(record.terms.size(), 8u);
  EXPECT_EQ(record.terms[0].mechanism, SpfMechanism::kA);
  EXPECT_EQ(record.terms[0].domain, "mail.alpha.test");
  EXPECT_EQ(record.terms[0].v4_bits, 24);
  EXPECT_EQ(record.terms[0].v6_bits, 64);
  EXPECT_EQ(record.terms[1].mechanism, SpfMechanism::kMx);
  EXPECT_EQ(record.terms[1].domain, "");
  EXPECT_EQ(record.terms[1].v4_bits, 28);
  EXPECT_EQ(record.terms[1].v6_bits, 128);
  EXPECT_EQ(record.terms[2].qualifier, SpfQualifier::kNeutral);
  EXPECT_EQ(record.terms[3].network, IpBytes("192.0.2.0"));
  EXPECT_EQ(record.terms[3].v4_bits, 24);
  EXPECT_FALSE(record.terms[3].needs_lookup());
  EXPECT_EQ(record.terms[4].v6_bits, 32);
  EXPECT_EQ(record.terms[5].domain, "%{ir}.%{v}.x.alpha.test");
  EXPECT_EQ(record.terms[6].text, "include:b.test");
  EXPECT_TRUE(record.terms[6].needs_lookup());
  EXPECT_EQ(record.terms[7].qualifier, SpfQualifier::kSoftFail);
  EXPECT_EQ(record.end(), 7u);
}

TEST(SpfRecord, ReadsModifiersAndPassesByUnknownOnes) {
  const SpfRecord record = Read("v=spf1 redirect=_spf.%{d} exp=why.alpha.test x-own=%{i}/9 moo=");
  EXPECT_EQ(record.redirect, "_spf.%{d}");
  EXPECT_EQ(record.exp, "why.alpha.test");
  EXPECT_EQ(record.terms.size(), 0u);
  EXPECT_EQ(record.end(), 0u);
}

TEST(SpfRecord, EveryMistakeNamesItsTerm) {
  EXPECT_EQ(Mistake("ipv4:192.0.2.1 -all"), "'ipv4:192.0.2.1': there is no mechanism 'ipv4'");
  EXPECT_EQ(Mistake("192.0.2.1"), "'192.0.2.1': there is no mechanism '192.0.2.1'");
  EXPECT_EQ(Mistake("ip4:192.0.2.256"), "'ip4:192.0.2.256': '192.0.2.256' is not an IPv4 address");
  EXPECT_EQ(Mistake("ip4:2001:db8::1"), "'ip4:2001:db8::1': '2001:db8::1' is not an IPv4 address");
  EXPECT_EQ(Mistake("ip6:192.0.2.1"), "'ip6:192.0.2.1': '192.0.2.1' is not an IPv6 address");
  EXPECT_EQ(Mistake("ip4:192.0.2.0/33"),
            "'ip4:192.0.2.0/33': the length behind the slash is none of a prefix");
  EXPECT_EQ(Mistake("ip4:192.0.2.0/024"),
            "'ip4:192.0.2.0/024': the length behind the slash is none of a prefix");
  EXPECT_EQ(Mistake("a/129"), "'a/129': the length behind the slash is none of a prefix");
  EXPECT_EQ(Mistake("a//129"), "'a//129': the length behind the slash is none of a prefix");
  EXPECT_EQ(Mistake("mx/x"), "'mx/x': the length behind the slash is none of a prefix");
  EXPECT_EQ(Mistake("ip4"), "'ip4': 'ip4' needs ':' and a value");
  EXPECT_EQ(Mistake("include"), "'include': 'include' needs ':' and a value");
  EXPECT_EQ(Mistake("include:"), "'include:': there is no domain");
  EXPECT_EQ(Mistake("include:alpha"), "'include:alpha': 'alpha' is not a domain name");
  EXPECT_EQ(Mistake("a:192.0.2.1"), "'a:192.0.2.1': '192.0.2.1' is not a domain name");
  EXPECT_EQ(Mistake("-all:x"), "'-all:x': 'all' takes nothing behind it");
  EXPECT_EQ(Mistake("exists:%{x}.alpha.test"),
            "'exists:%{x}.alpha.test': '%{x}.alpha.test' starts with no macro");
  EXPECT_EQ(Mistake("redirect=a.test redirect=b.test"), "'redirect=b.test': redirect= comes twice");
  EXPECT_EQ(Mistake("redirect="), "'redirect=': there is no domain");
  EXPECT_EQ(Mistake("-"), "'-': there is no mechanism ''");
  EXPECT_EQ(Mistake("a\tmx"), "'a\tmx': there is no mechanism 'a\tmx'");
}

TEST(SpfRecord, IsBounded) {
  std::string text = "v=spf1";
  for (int i = 0; i < 1025; ++i) text += " a";
  EXPECT_EQ(ParseSpfRecord(text).status().message(), "too many terms");
}

}  // namespace
}  // namespace postwatch
