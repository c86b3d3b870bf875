// `postwatch init` writes what the collector takes, and overwrites nothing.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/command.h"
#include "cli/init/domain_portrait.h"
#include "cli/init/first_config.h"
#include "cli/init/init_command.h"
#include "cli/write_file.h"
#include "collector/config_files.h"
#include "common/pki/pem_files.h"
#include "tests/support/command_run.h"
#include "tests/support/test_folder.h"

namespace postwatch::cli {
namespace {

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Init, TheCollectorsOwnCheckFindsNoMistake) {
  const TestFolder folder;
  const IssuedCertificate authority = *MakeAuthority("ca", absl::Now(), absl::Hours(1000));
  std::ofstream(folder / "ca.pem") << authority.certificate;
  const IssuedCertificate issued = *IssueIdentity(
      authority, {.identity = {PeerRole::kCollector, "", ""}, .lifetime = absl::Hours(24)},
      absl::Now());
  ASSERT_TRUE(
      WriteIssuedCertificate(issued, folder / "cert.pem", folder / "key.pem", Overwrite::kReplace)
          .ok());
  DomainPortrait full{.domain = "a.test",
                      .mx_hosts = {"mx1.a.test"},
                      .mx_text = "10 mx1.a.test",
                      .spf = "v=spf1 mx -all",
                      .spf_works = true,
                      .dmarc_policy = "reject",
                      .dkim_selectors = {"s1", "s2"},
                      .mtasts = "enforce",
                      .dane = true};
  DomainPortrait bare{.domain = "b.test"};
  for (const DomainPortrait& portrait : {full, bare}) {
    for (const auto& mailbox : {std::optional<std::string>(), {std::string("p@a.test")}}) {
      const std::string text = FirstConfig(
          portrait,
          {.mailbox = mailbox, .tls_folder = folder.path(), .store = "sqlite:" + (folder / "c.db")},
          absl::Now());
      ASSERT_TRUE(WriteTextFile(folder / "collector.yaml", text, true).ok());
      const auto config = collector::CheckCollectorConfig(folder / "collector.yaml", absl::Now());
      EXPECT_TRUE(config.ok()) << config.status() << "\n" << text;
    }
  }
}

TEST(Init, OverwritesNothingWithoutForce) {
  const TestFolder folder;
  const std::string file = folder / "collector.yaml";
  ASSERT_TRUE(WriteTextFile(file, "mine", false).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(WriteTextFile(file, "yours", false)));
  const CommandRun refused = RunCommand(RunInit, {"a.test", "--out", file});
  EXPECT_EQ(refused.code, kCannotWrite);
  EXPECT_NE(refused.err.find("is there already"), std::string::npos) << refused.err;
  EXPECT_EQ(ReadAll(file), "mine");
  EXPECT_TRUE(WriteTextFile(file, "yours", true).ok());
  EXPECT_EQ(ReadAll(file), "yours");
}

TEST(Init, MistakesOfUsageExit64) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"no domain"},
                                             {"a.test", "b.test"},
                                             {"a.test", "--mailbox", "nobody"},
                                             {"a.test", "--timeout", "never"},
                                             {"a.test", "--resolver", "here"}}) {
    const CommandRun run = RunCommand(RunInit, words);
    EXPECT_EQ(run.code, kUsage) << run.err;
    EXPECT_NE(run.err, "");
  }
  EXPECT_EQ(RunCommand(RunInit, {"--help"}).code, kOk);
}

}  // namespace
}  // namespace postwatch::cli
