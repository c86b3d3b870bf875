#include "common/checks/dns/reg_rdap_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(RegRdapSettings, AreRead) {
  Mistakes mistakes;
  const RegRdapSettings usual = ReadRegRdapSettings(YamlCheck("{}"), mistakes);
  EXPECT_EQ(usual.bootstrap, "https://data.iana.org/rdap/dns.json");
  EXPECT_EQ(usual.server, "");
  EXPECT_EQ(usual.warn, absl::Hours(24 * 30));
  EXPECT_EQ(usual.critical, absl::Hours(24 * 7));
  EXPECT_FALSE(usual.require_lock);
  EXPECT_FALSE(usual.allow_insecure);
  const RegRdapSettings told = ReadRegRdapSettings(
      YamlCheck("{server: 'http://127.0.0.1:8080/rdap', warn: 60, critical: 0,\n"
                "expect_registrar: '376', expect_nameservers: [B.test., a.test],\n"
                "require_lock: true, insecure: allow}"),
      mistakes);
  EXPECT_EQ(told.server, "http://127.0.0.1:8080/rdap");
  EXPECT_EQ(told.warn, absl::Hours(24 * 60));
  EXPECT_EQ(told.critical, absl::ZeroDuration());
  EXPECT_EQ(told.expect_registrar, "376");
  EXPECT_EQ(told.expect_nameservers, (std::set<std::string>{"a.test", "b.test"}));
  EXPECT_TRUE(told.require_lock);
  EXPECT_TRUE(told.allow_insecure);
  EXPECT_EQ(mistakes.lines(), Lines{});
}

TEST(RegRdapSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadRegRdapSettings,
                       "server: rdap.test\n"
                       "warn: 5\n"
                       "critical: 7\n"
                       "expect_nameservers: ['ns:53']\n"),
            (Lines{"c.yaml:1: c.server: 'rdap.test' is no http or https URL",
                   "c.yaml:3: c.critical: is over warn, which is 5",
                   "c.yaml:4: c.expect_nameservers: 'ns:53' is not a host name"}));
}

}  // namespace
}  // namespace postwatch
