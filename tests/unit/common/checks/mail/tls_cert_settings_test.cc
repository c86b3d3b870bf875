#include "common/checks/mail/tls_cert_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(TlsCertSettings, AreRead) {
  Mistakes mistakes;
  const TlsCertSettings usual = ReadTlsCertSettings(YamlCheck("{}"), mistakes);
  EXPECT_TRUE(usual.mx);
  EXPECT_FALSE(usual.allow_private);
  EXPECT_TRUE(usual.endpoints.empty());
  const TlsCertSettings told = ReadTlsCertSettings(
      YamlCheck("mx: false\nprivate: allow\nendpoints:\n"
                "  - {host: a.test, protocol: smtp}\n"
                "  - {host: b.test, protocol: imap, port: 143}\n"
                "  - {host: c.test, protocol: pop3, security: starttls}\n"
                "  - {host: d.test, protocol: smtp, port: 587, security: tls}\n"),
      mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{});
  EXPECT_FALSE(told.mx);
  EXPECT_TRUE(told.allow_private);
  const std::vector<TlsEndpoint> expected = {{"a.test", 465, TlsProtocol::kSmtp, false},
                                             {"b.test", 143, TlsProtocol::kImap, true},
                                             {"c.test", 110, TlsProtocol::kPop3, true},
                                             {"d.test", 587, TlsProtocol::kSmtp, false}};
  EXPECT_EQ(told.endpoints, expected);
}

TEST(TlsCertSettings, EveryMistakeIsToldAtItsLine) {
  EXPECT_EQ(MistakesOf(ReadTlsCertSettings,
                       "endpoints:\n"
                       "  - {protocol: imap}\n"
                       "  - {host: a.test, protocol: http}\n"
                       "  - {host: a.test, protocol: smtp, security: plain}\n"
                       "  - {host: 'a b', protocol: smtp}\n"
                       "  - {host: a.test}\n"),
            (Lines{"c.yaml:2: c.endpoints[0].host: is missing",
                   "c.yaml:3: c.endpoints[1].protocol: 'http' is none of smtp, imap, pop3",
                   "c.yaml:4: c.endpoints[2].security: 'plain' is none of tls, starttls",
                   "c.yaml:5: c.endpoints[3].host: 'a b' is neither a host name nor an IP address",
                   "c.yaml:6: c.endpoints[4].protocol: is missing"}));
}

}  // namespace
}  // namespace postwatch
