#include "agent/credential_mark.h"

#include <gtest/gtest.h>

#include <map>

namespace postwatch::agent {
namespace {

class CredentialMarkTest : public testing::Test {
 protected:
  static Settings Named(const std::string& key, const std::string& name) {
    Settings reference = Settings::Map();
    reference.Set(key, Settings::Scalar(name));
    return reference;
  }
  static CheckSpec With(const std::string& key, Settings credential) {
    Settings mailbox = Settings::Map();
    mailbox.Set("address", Settings::Scalar("probe@alpha.test"));
    mailbox.Set(key, std::move(credential));
    CheckSpec spec;
    spec.settings = Settings::Map();
    spec.settings.Set("mailbox", std::move(mailbox));
    return spec;
  }

  std::map<std::string, std::string> secrets_ = {{"mailbox", "correct-horse/9+"}};
  const CredentialMark::ReadSecret read_ =
      [this](const SecretReference& reference) -> absl::StatusOr<Secret> {
    const auto found = secrets_.find(reference.file + reference.env);
    if (found == secrets_.end()) return absl::NotFoundError("none");
    return Secret(found->second);
  };
  const CredentialMark mark_{read_};
};

TEST_F(CredentialMarkTest, StaysUntilTheSecretIsAnother) {
  const CheckSpec spec = With("password", Named("file", "mailbox"));
  const std::string before = mark_.Of(spec);
  EXPECT_EQ(mark_.Of(spec), before);
  secrets_["mailbox"] = "correct-horse/9-";
  const std::string after = mark_.Of(spec);
  EXPECT_NE(after, before);
  secrets_.clear();
  EXPECT_NE(mark_.Of(spec), after);
  secrets_["mailbox"] = "correct-horse/9+";
  EXPECT_EQ(mark_.Of(spec), before);
}

TEST_F(CredentialMarkTest, LooksAtEverySecretOfTheMailbox) {
  Settings oauth = Settings::Map();
  oauth.Set("client_id", Settings::Scalar("postwatch"));
  oauth.Set("client_secret", Named("env", "client"));
  oauth.Set("refresh_token", Named("env", "refresh"));
  const CheckSpec spec = With("oauth2", std::move(oauth));
  secrets_ = {{"client", "c1"}, {"refresh", "r1"}};
  const std::string before = mark_.Of(spec);
  secrets_["refresh"] = "r2";
  EXPECT_NE(mark_.Of(spec), before);
  secrets_ = {{"client", "c2"}, {"refresh", "r1"}};
  EXPECT_NE(mark_.Of(spec), before);
}

TEST_F(CredentialMarkTest, TellsNothingOfTheSecret) {
  const CheckSpec spec = With("password", Named("file", "mailbox"));
  EXPECT_EQ(mark_.Of(spec).find("correct"), std::string::npos);
  EXPECT_NE(mark_.Of(spec), CredentialMark(read_).Of(spec));
}

TEST_F(CredentialMarkTest, ACheckWithoutSecretsHasNone) {
  EXPECT_EQ(mark_.Of(CheckSpec()), "");
  EXPECT_EQ(mark_.Of(With("username", Settings::Scalar("probe"))), "");
}

}  // namespace
}  // namespace postwatch::agent
