// The life of identities as `postwatch ca` keeps it in files: tokens, renewal, revocation, the next
// authority.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/time/clock.h"
#include "cli/ca/ca_command.h"
#include "cli/command.h"
#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/join_token.h"
#include "common/pki/pem_files.h"
#include "common/pki/revocation_list.h"
#include "tests/support/command_run.h"
#include "tests/support/test_folder.h"

namespace postwatch::cli {
namespace {

namespace fs = std::filesystem;

class CaLifeTest : public testing::Test {
 protected:
  CaLifeTest() { EXPECT_EQ(Ca({"init"}).code, kOk); }

  CommandRun Ca(std::vector<std::string> words) {
    words.insert(words.end(), {"--dir", folder.path()});
    return RunCommand(RunCa, words);
  }
  std::string Read(const std::string& file) const {
    std::ifstream in(folder / file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  IdentityCertificate Identity(const std::string& file) const {
    const auto read = ParseIdentityCertificate(Read(file));
    EXPECT_TRUE(read.ok()) << read.status();
    return read.value_or(IdentityCertificate());
  }
  RevocationList Revoked() const {
    const auto list = RevocationList::Parse(Read("crl.pem"), Read("ca.pem"));
    EXPECT_TRUE(list.ok()) << list.status();
    return list.value_or(RevocationList());
  }

  const TestFolder folder;
};

TEST_F(CaLifeTest, BeginsWithAnEmptyListOfRevocations) { EXPECT_EQ(Revoked().size(), 0u); }

TEST_F(CaLifeTest, ATokenComesAsTheCommandToRun) {
  const CommandRun run = Ca({"token", "agent", "eu", "fra1", "--collector", "pw.example.net"});
  ASSERT_EQ(run.code, kOk) << run.err;
  const std::vector<std::string_view> words = Split(Trim(run.out), ' ');
  ASSERT_EQ(words.size(), 7u) << run.out;
  EXPECT_EQ(Concat(words[0], " ", words[1], " ", words[2], " ", words[3]),
            "postwatch-agent join pw.example.net --token");
  const auto token = VerifyJoinToken(words[4], Read("ca.pem"), absl::Now());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->identity, (PeerIdentity{PeerRole::kAgent, "eu", "fra1"}));
  EXPECT_EQ(token->expires - token->made, absl::Hours(1));
  EXPECT_EQ(words[5], "--ca-hash");
  EXPECT_EQ(words[6], AuthorityHashes(Read("ca.pem"))[0]);
  EXPECT_NE(run.err.find("for one use on the machine of agent fra1, until "), std::string::npos);
}

TEST_F(CaLifeTest, ABareTokenIsAloneOnItsLine) {
  const CommandRun run = Ca({"token", "agent", "eu", "fra1", "--bare", "--expires", "30m"});
  ASSERT_EQ(run.code, kOk) << run.err;
  const auto token = VerifyJoinToken(Trim(run.out), Read("ca.pem"), absl::Now());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->expires - token->made, absl::Minutes(30));
  EXPECT_EQ(run.err, "");
}

TEST_F(CaLifeTest, MistakesOfUsageExit64) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"token"},
                                             {"token", "agent", "eu"},
                                             {"token", "agent", "EU", "fra1"},
                                             {"token", "agent", "eu", "fra1", "--expires", "soon"},
                                             {"token", "agent", "eu", "fra1", "--expires", "200h"},
                                             {"token", "agent", "eu", "fra1", "--collector", "::1"},
                                             {"revoke", "agent"},
                                             {"revoke", "agent", "no/name"},
                                             {"renew"},
                                             {"renew", "agent"},
                                             {"rotate", "now"}}) {
    const CommandRun run = Ca(words);
    EXPECT_EQ(run.code, kUsage) << Join(words, " ");
    EXPECT_NE(run.err, "") << Join(words, " ");
  }
  EXPECT_EQ(Revoked().size(), 0u);
}

TEST_F(CaLifeTest, ARevokedAgentIsOutAndCanBeLetInAgain) {
  ASSERT_EQ(Ca({"issue", "agent", "eu", "fra1"}).code, kOk);
  ASSERT_EQ(Ca({"issue", "agent", "eu", "fra2"}).code, kOk);
  const CommandRun run = Ca({"revoke", "agent", "fra1"});
  ASSERT_EQ(run.code, kOk) << run.err;
  EXPECT_NE(run.out.find("revoked agent fra1"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("shows fra1 as\nSILENT"), std::string::npos) << run.out;
  EXPECT_NE(Revoked().RevokedAt(Identity("fra1/cert.pem")), std::nullopt);
  EXPECT_EQ(Revoked().RevokedAt(Identity("fra2/cert.pem")), std::nullopt);
  const CommandRun renewed = Ca({"renew", "agent", "fra1"});
  EXPECT_EQ(renewed.code, kUsage);
  EXPECT_NE(renewed.err.find("was revoked"), std::string::npos) << renewed.err;
  // In the same second, too.
  ASSERT_EQ(Ca({"issue", "agent", "eu", "fra1", "--force"}).code, kOk);
  EXPECT_EQ(Revoked().RevokedAt(Identity("fra1/cert.pem")), std::nullopt);
  const CommandRun token = Ca({"token", "agent", "eu", "fra1", "--bare"});
  EXPECT_GT(ReadJoinToken(Trim(token.out))->made, *Revoked().AgentRevokedAt("fra1"));
}

TEST_F(CaLifeTest, AListThatCannotBeReadIsNotReplaced) {
  std::ofstream(folder / "crl.pem") << "mine";
  const CommandRun run = Ca({"revoke", "agent", "fra1"});
  EXPECT_EQ(run.code, kUnknown);
  EXPECT_EQ(run.err, Concat("postwatch ca: ", folder / "crl.pem",
                            ": there is no X.509 CRL in PEM; nothing was changed\n"));
  EXPECT_EQ(Read("crl.pem"), "mine");
}

TEST_F(CaLifeTest, RenewingKeepsKeyAndNames) {
  ASSERT_EQ(
      Ca({"issue", "collector", "--dns", "pw.example", "--ip", "192.0.2.1", "--days", "5"}).code,
      kOk);
  const std::string before = Read("collector/cert.pem");
  const std::string key = Read("collector/key.pem");
  const CommandRun run = Ca({"renew", "collector", "--days", "9"});
  ASSERT_EQ(run.code, kOk) << run.err;
  EXPECT_EQ(Read("collector/key.pem"), key);
  EXPECT_NE(Read("collector/cert.pem"), before);
  EXPECT_TRUE(
      LoadIssuedCertificate(folder / "collector/cert.pem", folder / "collector/key.pem").ok());
  const auto like = RequestLike(Read("collector/cert.pem"));
  EXPECT_EQ(like->dns_names, std::vector<std::string>({"pw.example"}));
  EXPECT_EQ(like->ips, std::vector<std::string>({"192.0.2.1"}));
  EXPECT_EQ(like->lifetime, absl::Hours(24 * 9));
  const CommandRun other = Ca({"renew", "agent", "fra1", "--out", folder / "collector"});
  EXPECT_EQ(other.code, kUsage);
  EXPECT_NE(other.err.find("is the certificate of spiffe://postwatch/collector"), std::string::npos)
      << other.err;
}

TEST_F(CaLifeTest, TheNextAuthorityOverlapsWithTheLast) {
  ASSERT_EQ(Ca({"issue", "agent", "eu", "fra1"}).code, kOk);
  ASSERT_EQ(Ca({"revoke", "agent", "fra9"}).code, kOk);
  const std::string first = Read("ca.pem");
  const std::string old_agent = Read("fra1/cert.pem");
  ASSERT_EQ(Ca({"rotate"}).code, kOk);
  EXPECT_EQ(AuthorityHashes(Read("ca.pem")).size(), 2u);
  EXPECT_EQ(AuthorityHashes(Read("ca.pem"))[1], AuthorityHashes(first)[0]);
  EXPECT_NE(Revoked().AgentRevokedAt("fra9"), std::nullopt);
  ASSERT_EQ(Ca({"renew", "agent", "fra1"}).code, kOk);
  EXPECT_EQ(Read("fra1/ca.pem"), Read("ca.pem"));
  const absl::Time now = absl::Now();
  EXPECT_TRUE(CheckIssuedBy(old_agent, Read("ca.pem"), now).ok());
  EXPECT_TRUE(CheckIssuedBy(Read("fra1/cert.pem"), Read("ca.pem"), now).ok());
  EXPECT_FALSE(CheckIssuedBy(Read("fra1/cert.pem"), first, now).ok());
  EXPECT_EQ(Split(Trim(Ca({"token", "agent", "eu", "fra2"}).out), ' ').size(), 9u);  // two hashes

  ASSERT_EQ(Ca({"rotate", "--finish"}).code, kOk);
  EXPECT_EQ(AuthorityHashes(Read("ca.pem")).size(), 1u);
  EXPECT_FALSE(fs::exists(folder / "ca.previous.key"));
  EXPECT_TRUE(CheckIssuedBy(Read("fra1/cert.pem"), Read("ca.pem"), now).ok());
  EXPECT_FALSE(CheckIssuedBy(old_agent, Read("ca.pem"), now).ok());
  EXPECT_NE(Revoked().AgentRevokedAt("fra9"), std::nullopt);
}

}  // namespace
}  // namespace postwatch::cli
