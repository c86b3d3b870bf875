// Certificates and secrets as files: modes, atomic writing, and what is refused.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/base/secret.h"
#include "common/pki/pem_files.h"
#include "tests/support/test_folder.h"

namespace postwatch {
namespace {

class PemFiles : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_ / name; }

  static mode_t ModeOf(const std::string& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 07777;
  }

  size_t Files() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }

  static IssuedCertificate Authority() {
    return *MakeAuthority("ca", absl::Now(), absl::Hours(1000));
  }

  TestFolder folder_;
};

TEST_F(PemFiles, KeysAreForTheirOwnerOnly) {
  const mode_t before = ::umask(0);
  const absl::Status status =
      WriteIssuedCertificate(Authority(), Path("ca.pem"), Path("ca.key"), Overwrite::kRefuse);
  ::umask(before);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(ModeOf(Path("ca.key")), 0600u);
  EXPECT_EQ(ModeOf(Path("ca.pem")), 0644u);
  EXPECT_EQ(Files(), 2u);  // nothing temporary left
}

TEST_F(PemFiles, OverwritesOnlyWhenTold) {
  const IssuedCertificate first = Authority();
  const IssuedCertificate second = Authority();
  ASSERT_TRUE(
      WriteIssuedCertificate(first, Path("ca.pem"), Path("ca.key"), Overwrite::kRefuse).ok());
  const absl::Status refused =
      WriteIssuedCertificate(second, Path("ca.pem"), Path("ca.key"), Overwrite::kRefuse);
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(LoadIssuedCertificate(Path("ca.pem"), Path("ca.key"))->certificate, first.certificate);
  ASSERT_TRUE(
      WriteIssuedCertificate(second, Path("ca.pem"), Path("ca.key"), Overwrite::kReplace).ok());
  EXPECT_EQ(LoadIssuedCertificate(Path("ca.pem"), Path("ca.key"))->certificate, second.certificate);
  EXPECT_EQ(ModeOf(Path("ca.key")), 0600u);
  EXPECT_EQ(Files(), 2u);
}

TEST_F(PemFiles, AnExistingCertificateSparesTheKeyToo) {
  std::ofstream(Path("ca.pem")) << "mine";
  EXPECT_EQ(WriteIssuedCertificate(Authority(), Path("ca.pem"), Path("ca.key"), Overwrite::kRefuse)
                .code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Files(), 1u);
}

TEST_F(PemFiles, LoadsABundle) {
  const IssuedCertificate authority = Authority();
  IdentityRequest request;
  request.identity = {PeerRole::kAgent, "eu", "a"};
  request.lifetime = absl::Hours(24);
  const auto agent = IssueIdentity(authority, request, absl::Now());
  ASSERT_TRUE(
      WriteIssuedCertificate(authority, Path("ca.pem"), Path("ca.key"), Overwrite::kRefuse).ok());
  ASSERT_TRUE(
      WriteIssuedCertificate(*agent, Path("a.pem"), Path("a.key"), Overwrite::kRefuse).ok());
  const auto bundle = LoadPemBundle({Path("ca.pem"), Path("a.pem"), Path("a.key")});
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->ca, authority.certificate);
  EXPECT_EQ(bundle->certificate, agent->certificate);
  EXPECT_EQ(bundle->key.Reveal(), agent->key.Reveal());
}

TEST_F(PemFiles, SaysWhichFileIsWrong) {
  const IssuedCertificate first = Authority();
  const IssuedCertificate second = Authority();
  ASSERT_TRUE(WriteIssuedCertificate(first, Path("1.pem"), Path("1.key"), Overwrite::kRefuse).ok());
  ASSERT_TRUE(
      WriteIssuedCertificate(second, Path("2.pem"), Path("2.key"), Overwrite::kRefuse).ok());
  EXPECT_EQ(
      LoadPemBundle({Path("1.pem"), Path("1.pem"), Path("2.key")}).status().message(),
      "the key in " + Path("2.key") + " does not belong to the certificate in " + Path("1.pem"));
  EXPECT_EQ(LoadPemBundle({Path("none.pem"), Path("1.pem"), Path("1.key")}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(LoadPemBundle({Path("1.key"), Path("1.pem"), Path("1.key")}).status().code(),
            absl::StatusCode::kInvalidArgument);
  std::ofstream(Path("empty.pem")).flush();
  EXPECT_EQ(LoadIssuedCertificate(Path("empty.pem"), Path("1.key")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(PemFiles, SecretsFromFiles) {
  std::ofstream(Path("password")) << "hunter2\n";
  EXPECT_EQ(ResolveSecret({Path("password"), ""})->Reveal(), "hunter2");
  std::ofstream(Path("two-lines")) << "hunter2\nhunter3\n";
  EXPECT_EQ(ResolveSecret({Path("two-lines"), ""}).status().code(),
            absl::StatusCode::kInvalidArgument);
  std::ofstream(Path("long")) << std::string(70000, 'x');
  EXPECT_EQ(ResolveSecret({Path("long"), ""}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResolveSecret({Path("none"), ""}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace postwatch
