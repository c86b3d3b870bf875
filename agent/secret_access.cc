#include "agent/secret_access.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

bool IsBeneath(const std::string& file, const std::string& directory) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(file, error);
  if (error) return false;
  const std::filesystem::path top = std::filesystem::weakly_canonical(directory, error);
  if (error) return false;
  const auto [end_of_top, rest] = std::mismatch(top.begin(), top.end(), real.begin(), real.end());
  return end_of_top == top.end() && rest != real.end();
}

absl::StatusOr<Secret> Resolve(const SecretRules& rules, const SecretReference& reference) {
  if (!reference.file.empty()) {
    if (!rules.directory.empty() && IsBeneath(reference.file, rules.directory)) {
      return ResolveSecret(reference);
    }
    return absl::PermissionDeniedError(
        Concat("secret file ", reference.file,
               ": not beneath this agent's secrets.directory; put it there or change the setting"));
  }
  const auto& names = rules.environment;
  if (std::find(names.begin(), names.end(), reference.env) != names.end()) {
    return ResolveSecret(reference);
  }
  return absl::PermissionDeniedError(
      Concat("secret variable ", reference.env, ": not in this agent's secrets.environment"));
}

}  // namespace

std::function<absl::StatusOr<Secret>(const SecretReference&)> MakeSecretAccess(
    std::optional<SecretRules> rules) {
  if (!rules.has_value()) return &ResolveSecret;
  return [rules = *std::move(rules)](const SecretReference& reference) {
    return Resolve(rules, reference);
  };
}

}  // namespace postwatch::agent
