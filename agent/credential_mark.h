// CredentialMark: tells when the secrets of a check are others than before, and keeps none of them.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/model/check_spec.h"

namespace postwatch::agent {

class CredentialMark {
 public:
  using ReadSecret = std::function<absl::StatusOr<Secret>(const SecretReference&)>;

  explicit CredentialMark(ReadSecret read);

  // Equal as long as the secrets that the check's mailbox names are what they were; empty when it
  // names none. A keyed hash whose key lives and dies with this object: nothing to guess a secret
  // by for who has not this process, but still not to be written anywhere.
  std::string Of(const CheckSpec& spec) const;

 private:
  void Add(const Settings& settings, std::string& mark) const;

  ReadSecret read_;
  std::string key_;
};

}  // namespace postwatch::agent
