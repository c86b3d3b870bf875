// Config files: the files an agent's configuration names.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/config.h"
#include "common/pki/identity.h"

namespace postwatch::agent {

// LoadAgentConfig for --config.check: what is wrong with the files it names is in the list too, as
// of `now`.
absl::StatusOr<AgentConfig> CheckAgentConfig(const std::string& path, absl::Time now);

// Only what is wrong with the files that `config` names: certificates, the mail servers'
// authorities and the fleet key.
void CheckFiles(const AgentConfig& config, absl::Time now, Mistakes& mistakes);

// What the agent's own certificate, a PEM text, says. FailedPrecondition when that is another agent
// than `config` says.
absl::StatusOr<IdentityCertificate> OwnIdentity(const AgentConfig& config,
                                                std::string_view certificate);

}  // namespace postwatch::agent
