// Joining, renewing and being cut off, over real gRPC and TLS: what works, and what hostile peers
// get.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "agent/config_files.h"
#include "tests/integration/enrolment_fixture.h"

namespace postwatch::collector {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
namespace fs = std::filesystem;

class EnrolmentOverGrpc : public EnrolmentFixture {};

TEST_F(EnrolmentOverGrpc, AnAgentJoinsAndReports) {
  const CommandRun run = RunJoin("a", Token("fra1"), {"--network", "AS64500"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("joined as agent fra1 of region eu-west; the certificate ends "));
  const auto config = agent::CheckAgentConfig(folder / "a/agent.yaml", absl::Now());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->name, "fra1");
  EXPECT_EQ(config->region, "eu-west");
  EXPECT_EQ(config->network, "AS64500");
  EXPECT_EQ(config->collector_address, address());
  EXPECT_EQ(config->state_dir, folder / "a.state");
  struct stat key {};
  ASSERT_EQ(::stat((folder / "a/agent/key.pem").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 07777, 0600u);
  EXPECT_FALSE(fs::exists(folder / "a/agent/key.pem.new"));
  EXPECT_EQ(Call(Joined("a"))->Enter("fra1"), 0u);
  EXPECT_TRUE(diary.Await("connected fra1"));
}

TEST_F(EnrolmentOverGrpc, AnyOfTheCollectorsWillDo) {
  const std::string nobody = "127.0.0.1:9";
  const CommandRun run = RunCommand(
      agent::RunJoin, {nobody, "--fallback", address(), "--fallback", "pw.example.net", "--token",
                       Token("fra1"), "--ca-hash", Hash(), "--dir", folder / "a"});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto config = agent::CheckAgentConfig(folder / "a/agent.yaml", absl::Now());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->collector_address, nobody);
  EXPECT_EQ(config->collector_fallbacks,
            (std::vector<std::string>{address(), "pw.example.net:7443"}));
}

TEST_F(EnrolmentOverGrpc, ATokenIsGoodForOne) {
  const std::string token = Token("fra1");
  ASSERT_EQ(RunJoin("a", token).code, 0);
  const CommandRun again = RunJoin("b", token);
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("the token was used before"));
  EXPECT_FALSE(fs::exists(folder / "b/agent.yaml"));
  EXPECT_TRUE(fs::is_empty(folder / "b/agent"));
}

TEST_F(EnrolmentOverGrpc, WhatIsThereIsNotReplacedUnasked) {
  ASSERT_EQ(RunJoin("a", Token("fra1")).code, 0);
  const std::string first = Joined("a").certificate;
  const std::string token = Token("fra2");
  const CommandRun again = RunJoin("a", token);
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("this machine has joined before; --force replaces what it has"));
  EXPECT_EQ(Joined("a").certificate, first);
  ASSERT_EQ(RunJoin("a", token, {"--force"}).code, 0);
  EXPECT_EQ(ParseIdentityCertificate(Joined("a").certificate)->identity.name, "fra2");
}

TEST_F(EnrolmentOverGrpc, AnImpostorNeverSeesTheToken) {
  const std::string token = Token("fra1");
  const CommandRun run = RunJoin("a", token, {}, "sha256:" + std::string(64, 'a'));
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("is not the collector you mean: the authority has another hash"));
  EXPECT_THAT(run.err, HasSubstr("The token was not shown"));
  EXPECT_EQ(run.err.find(token), std::string::npos);
  EXPECT_EQ(RunJoin("a", token).code, 0);
}

TEST_F(EnrolmentOverGrpc, TokensThatAreNoGood) {
  const auto stranger = MakeAuthority("test", absl::Now(), absl::Hours(1));
  const std::string foreign = *MakeJoinToken(*stranger, Agent("fra1"), absl::Now(), absl::Hours(1));
  EXPECT_THAT(RunJoin("a", foreign).err, HasSubstr("was not made by this collector's authority"));
  const std::string old = Token("fra1", absl::Now() - absl::Hours(2));
  EXPECT_THAT(RunJoin("a", old).err, HasSubstr("the token expired "));
  const CommandRun cut = RunJoin("a", Token("fra1").substr(0, 60));
  EXPECT_EQ(cut.code, 64);
  EXPECT_THAT(cut.err, HasSubstr("this is no join token"));
  EXPECT_FALSE(fs::exists(folder / "a/agent.yaml"));
}

TEST_F(EnrolmentOverGrpc, TheCommandLineIsLookedAtFirst) {
  const std::string token = Token("fra1");
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--dir", folder / "a"});
    return RunCommand(agent::RunJoin, words);
  };
  EXPECT_EQ(run({}).code, 64);
  EXPECT_EQ(run({address(), "--token", token}).code, 64);
  EXPECT_EQ(run({address(), "--ca-hash", Hash()}).code, 64);
  EXPECT_EQ(run({address(), "--ca-hash", "sha256:1", "--token", token}).code, 64);
  EXPECT_EQ(run({"2001:db8::1", "--ca-hash", Hash(), "--token", token}).code, 64);
  EXPECT_EQ(run({"a b", "--ca-hash", Hash(), "--token", token}).code, 64);
  EXPECT_EQ(run({address(), "--ca-hash", Hash(), "--token", token, "--user", "nobody-at-all"}).code,
            64);
  EXPECT_FALSE(fs::exists(folder / "a"));
  EXPECT_EQ(run({"--help"}).code, 0);
  std::ofstream(folder / "token") << token << "\n";
  EXPECT_EQ(run({address(), "--ca-hash", Hash(), "--token-file", folder / "token"}).code, 0);
}

TEST_F(EnrolmentOverGrpc, HostileRequestsAreBoundedAndCostNoToken) {
  const std::string token = Token("fra1");
  const std::string asking = *MakeCertificateRequest(*MakeKey());
  EXPECT_EQ(Join(token, std::string(5000, 'x')).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Join(token, std::string(3 << 20, 'x')).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Join(token, std::string(5 << 20, 'x')).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Join(std::string(3 << 20, 'x'), asking).error_code(), StatusCode::INVALID_ARGUMENT);
  std::string unsigned_request = asking;
  unsigned_request.back() = static_cast<char>(unsigned_request.back() ^ 1);
  EXPECT_EQ(Join(token, unsigned_request).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Join(token, "").error_code(), StatusCode::INVALID_ARGUMENT);
  // Another agent's payload under this token's signature.
  const std::string other = Token("fra2");
  const std::string mixed =
      Concat(other.substr(0, other.rfind('.')), token.substr(token.rfind('.')));
  EXPECT_EQ(Join(mixed, asking).error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(Join(token, asking).ok());
}

TEST_F(EnrolmentOverGrpc, GuessingIsSlow) {
  int refused = 0;
  for (int i = 0; i < 15; ++i) {
    refused += Join(Concat("guess", i), "x").error_code() == StatusCode::RESOURCE_EXHAUSTED ? 1 : 0;
  }
  EXPECT_GE(refused, 4);
  EXPECT_LE(refused, 5);
}

TEST_F(EnrolmentOverGrpc, AStoreThatCannotWriteKeepsTheTokenGood) {
  const std::string token = Token("fra1");
  fake->FailWrites(absl::InternalError("disk full"));
  const CommandRun failed = RunJoin("a", token);
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.err, HasSubstr("try again later with the same one"));
  fake->FailWrites(absl::OkStatus());
  EXPECT_EQ(RunJoin("a", token).code, 0);
}

TEST_F(EnrolmentOverGrpc, NothingButJoinIsForStrangers) {
  v1::RenewReply reply;
  const grpc::Status renewed = Renew({}, &reply);
  EXPECT_EQ(renewed.error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(renewed.error_message(), HasSubstr("a client certificate is needed"));
  std::unique_ptr<Caller> stranger = Call({});
  stranger->Hello("fra1");
  EXPECT_EQ(stranger->End().error_code(), StatusCode::UNAUTHENTICATED);
  // The collector's own certificate is no agent's.
  const auto own = LoadIssuedCertificate(folder / "own.pem", folder / "own.key");
  EXPECT_NE(Renew(*own, &reply).error_code(), StatusCode::OK);
  // A certificate of another authority does not even get through the handshake.
  const auto other = MakeAuthority("test", absl::Now(), absl::Hours(2));
  EXPECT_EQ(Renew(Issue(*other, Agent("fra1")), &reply).error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(diary.lines(), testing::IsEmpty());
}

TEST_F(EnrolmentOverGrpc, AnAgentRenewsForItselfAlone) {
  ASSERT_EQ(RunJoin("a", Token("fra1", absl::Now() - absl::Minutes(10))).code, 0);
  const IssuedCertificate first = Joined("a");
  v1::RenewReply reply;
  const grpc::Status status = Renew(first, &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.authorities(), Authority().certificate);
  const auto before = ParseIdentityCertificate(first.certificate);
  const auto after = ParseIdentityCertificate(reply.certificate());
  EXPECT_EQ(after->identity, before->identity);
  EXPECT_EQ(after->enrolled, before->enrolled);
  EXPECT_NE(after->serial, before->serial);
}

}  // namespace
}  // namespace postwatch::collector
