#include "agent/secret_access.h"

#include <gtest/gtest.h>

namespace postwatch::agent {
namespace {

absl::StatusCode Ask(const SecretRules& rules, const SecretReference& reference) {
  return MakeSecretAccess(rules)(reference).status().code();
}

SecretReference File(const std::string& path) { return {path, ""}; }
SecretReference Env(const std::string& name) { return {"", name}; }

const SecretRules kRules{"/run/postwatch-no-such-folder", {"POSTWATCH_TEST_UNSET"}};

TEST(SecretAccess, OnlyFilesBeneathTheDirectoryAreLookedFor) {
  EXPECT_EQ(Ask(kRules, File("/run/postwatch-no-such-folder/probe")), absl::StatusCode::kNotFound);
  for (const char* path :
       {"/etc/hostname", "/run/postwatch-no-such-folder", "/run/postwatch-no-such-folder-2/probe",
        "/run/postwatch-no-such-folder/../../etc/hostname", "run/x"}) {
    EXPECT_EQ(Ask(kRules, File(path)), absl::StatusCode::kPermissionDenied) << path;
  }
}

TEST(SecretAccess, OnlyNamedVariablesAreLookedFor) {
  EXPECT_EQ(Ask(kRules, Env("POSTWATCH_TEST_UNSET")), absl::StatusCode::kNotFound);
  EXPECT_EQ(Ask(kRules, Env("PATH")), absl::StatusCode::kPermissionDenied);
}

TEST(SecretAccess, AnEmptySectionAllowsNothing) {
  EXPECT_EQ(Ask({}, File("/etc/hostname")), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Ask({}, Env("PATH")), absl::StatusCode::kPermissionDenied);
}

TEST(SecretAccess, WithoutRulesAnythingMayBeNamed) {
  const auto access = MakeSecretAccess(std::nullopt);
  EXPECT_EQ(access(Env("POSTWATCH_TEST_UNSET")).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace postwatch::agent
