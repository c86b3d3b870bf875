#include "cli/init/first_config.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "tests/support/yaml_settings.h"

namespace postwatch::cli {
namespace {

DomainPortrait Portrait() {
  return {.domain = "a.test",
          .mx_hosts = {"mx1.a.test", "mx2.a.test"},
          .mx_text = "10 mx1.a.test, 20 mx2.a.test",
          .spf = "v=spf1 mx include:_spf.google.com include:sendgrid.net -all",
          .spf_works = true,
          .dmarc_policy = "quarantine",
          .dkim_selectors = {"s1"},
          .mtasts = "enforce",
          .registrar = "R",
          .expires = "2027-01-01"};
}

std::string Text(const DomainPortrait& portrait, const FirstConfigOptions& more = {}) {
  FirstConfigOptions options = more;
  if (options.tls_folder.empty()) options.tls_folder = "/etc/pw";
  if (options.store.empty()) options.store = "sqlite:/var/c.db";
  return FirstConfig(portrait, options, absl::UnixEpoch());
}

Settings Target(const DomainPortrait& portrait, const FirstConfigOptions& more = {}) {
  const Settings root = YamlSettings(Text(portrait, more));
  const Settings* targets = root.Find("targets");
  EXPECT_NE(targets, nullptr);
  EXPECT_EQ(targets->items().size(), 1u);
  return targets->items().at(0);
}

std::string Scalar(const Settings& tree, std::initializer_list<const char*> path) {
  const Settings* node = &tree;
  for (const char* key : path) {
    node = node->Find(key);
    if (node == nullptr) return "(none)";
  }
  return node->scalar();
}

TEST(FirstConfig, TurnsOnWhatHoldsNow) {
  const Settings target = Target(Portrait());
  EXPECT_EQ(Scalar(target, {"domain"}), "a.test");
  EXPECT_EQ(Scalar(target, {"provider"}), "a.test");
  EXPECT_EQ(target.Find("mailbox"), nullptr);
  const Settings& checks = *target.Find("checks");
  EXPECT_EQ(checks.Find("dns.mx")->Find("expect")->items().at(1).scalar(), "mx2.a.test");
  EXPECT_EQ(Scalar(checks, {"dns.spf", "require"}), "true");
  EXPECT_EQ(checks.Find("dns.dkim")->Find("selectors")->items().at(0).scalar(), "s1");
  EXPECT_EQ(Scalar(checks, {"dns.dmarc", "expect_policy"}), "quarantine");
  EXPECT_EQ(Scalar(checks, {"smtp.mx", "require_tls"}), "true");
}

TEST(FirstConfig, ItsChecksAreTakenByTheirReaders) {
  const Settings target = Target(Portrait());
  for (const auto& [name, settings] : target.Find("checks")->entries()) {
    const CheckKind* kind = FindCheckKind(name);
    ASSERT_NE(kind, nullptr) << name;
    Mistakes mistakes;
    kind->validate({.id = name, .target = "a.test", .timeout = kind->timeout, .settings = settings},
                   mistakes);
    EXPECT_TRUE(mistakes.empty()) << mistakes.ToStatus();
  }
}

TEST(FirstConfig, SaysInCommentsWhatWasFound) {
  const std::string text = Text(Portrait());
  for (const char* part :
       {"# MX now: 10 mx1.a.test, 20 mx2.a.test", "# which lets send: Google Workspace, SendGrid",
        "# MTA-STS: enforce", "# registered with R until 2027-01-01", "smtp.relay"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(FirstConfig, AMailboxIsWrittenOutOrShown) {
  const Settings target = Target(Portrait(), {.mailbox = "o'neil+\"x\"${A}@a.test"});
  EXPECT_EQ(Scalar(target, {"mailbox", "address"}), "o'neil+\"x\"${A}@a.test");
  EXPECT_EQ(Scalar(target, {"mailbox", "password", "file"}), "/run/secrets/postwatch-probe");
  EXPECT_NE(Text(Portrait()).find("#   address: probe@a.test"), std::string::npos);
}

TEST(FirstConfig, ADomainWithNothingStillMakesAWholeFile) {
  const Settings target = Target({.domain = "a.test"});
  EXPECT_EQ(Scalar(target, {"domain"}), "a.test");
  EXPECT_EQ(target.Find("checks")->kind(), Settings::Kind::kNull);
}

TEST(FirstConfig, WhatCouldNotBeAskedIsNotCalledAbsent) {
  const DomainPortrait silent{.domain = "a.test",
                              .unasked = {"dns.mx", "dns.spf", "dns.dkim", "dns.dmarc"}};
  const std::string text = Text(silent);
  for (const char* part : {"# its MX hosts could not be asked", "# for an SPF record it could not",
                           "# for DKIM keys it could not", "# for a DMARC policy it could not"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  for (const char* part : {"no SPF record", "no DKIM key", "no DMARC policy", "its own servers"}) {
    EXPECT_EQ(text.find(part), std::string::npos) << part;
  }
}

TEST(FirstConfig, ShowsWhatAgentsNeedToJoin) {
  const std::string text = Text(Portrait());
  for (const char* line : {"\n  # crl: /etc/pw/crl.pem\n", "\n# enrolment: {ca_cert: ",
                           "\n# fleet_key: {file: /etc/postwatch/fleet.key}\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST(FirstConfig, WhatDoesNotWorkIsNotDemanded) {
  DomainPortrait broken = Portrait();
  broken.spf_works = false;
  EXPECT_EQ(Target(broken).Find("checks")->Find("dns.spf"), nullptr);
  EXPECT_NE(Text(broken).find("# which does not work as it is"), std::string::npos);
}

TEST(FirstConfig, ADomainWithoutMailIsNotAskedForAny) {
  DomainPortrait none = Portrait();
  none.mx_hosts.clear();
  none.takes_no_mail = true;
  const Settings target = Target(none);
  EXPECT_EQ(Scalar(*target.Find("checks"), {"smtp.mx", "enabled"}), "false");
  EXPECT_EQ(Scalar(*target.Find("checks"), {"dns.mx", "enabled"}), "false");
}

TEST(FirstConfig, ServersWordsStayInTheirComments) {
  DomainPortrait hostile = Portrait();
  hostile.spf = "v=spf1\n  - domain: evil.test\n${HOME} \x1b[2J" + std::string(1000, 'x');
  hostile.mx_text = hostile.tlsrpt = hostile.registrar = hostile.expires = hostile.spf;
  hostile.mtasts = hostile.spf;
  hostile.problems = std::vector<std::string>(50, hostile.spf);
  hostile.unseen = {hostile.spf};
  const std::string text = Text(hostile);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\n  - domain: evil.test"), std::string::npos);
  EXPECT_EQ(Target(hostile).Find("domain")->scalar(), "a.test");
  for (const std::string_view line : Split(text, '\n')) EXPECT_LT(line.size(), 500u);
}

}  // namespace
}  // namespace postwatch::cli
