#include "common/checks/check_kinds.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(CheckKinds, AreInTheOrderAPersonReadsThem) {
  Lines names;
  for (const CheckKind& kind : CheckKinds()) {
    names.emplace_back(kind.name);
    EXPECT_FALSE(kind.meaning.empty()) << kind.name;
    EXPECT_GE(kind.interval, kind.timeout) << kind.name;
    EXPECT_EQ(FindCheckKind(kind.name), &kind);
  }
  EXPECT_EQ(names,
            (Lines{"witness",     "dns.mx",     "dns.delegation", "dns.dnssec",  "dns.ptr",
                   "dns.records", "dns.spf",    "dns.dkim",       "dns.dmarc",   "dns.tlsrpt",
                   "dns.dnsbl",   "dns.caa",    "dns.mtasts",     "dns.tlsa",    "reg.rdap",
                   "smtp.mx",     "smtp.relay", "smtp.secondary", "tls.cert",    "smtp.submit",
                   "imap.access", "imap.quota", "imap.canary",    "pop3.access", "roundtrip"}));
  EXPECT_EQ(FindCheckKind("imap"), nullptr);
}

TEST(CheckKinds, EachRefusesAKeyThatNobodyReads) {
  for (const CheckKind& kind : CheckKinds()) {
    const Lines lines = MistakesOf(kind.validate, "\nno_such: 1\n");
    EXPECT_EQ(lines.back(), "c.yaml:2: c.no_such: is not a known key") << kind.name;
  }
}

TEST(CheckKinds, ThoseWithAMailboxMissIt) {
  const std::string missing =
      "c.yaml:1: c.mailbox: is missing; this check needs a mailbox of its own";
  for (const CheckKind& kind : CheckKinds()) {
    const Lines lines = MistakesOf(kind.validate, "{}");
    EXPECT_EQ(std::ranges::count(lines, missing), kind.needs_mailbox ? 1 : 0) << kind.name;
  }
}

}  // namespace
}  // namespace postwatch
