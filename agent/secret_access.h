// SecretAccess: which files and variables the references in checks may name.
#pragma once

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "common/base/secret.h"

namespace postwatch::agent {

// Checks come from the collector; without rules, whoever has the collector could have an agent read
// any one-line file and send it as a password. PermissionDenied for what the rules do not allow;
// links and ".." are resolved before the comparison. No rules: ResolveSecret itself.
std::function<absl::StatusOr<Secret>(const SecretReference&)> MakeSecretAccess(
    std::optional<SecretRules> rules);

}  // namespace postwatch::agent
