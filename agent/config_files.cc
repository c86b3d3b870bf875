#include "agent/config_files.h"

#include "common/base/text.h"
#include "common/config/include.h"
#include "common/pki/pem_check.h"

namespace postwatch::agent {
namespace {

void CheckTls(const AgentConfig& config, absl::Time now, Mistakes& mistakes) {
  const Settings* tls = config.source.Find("tls");
  if (tls == nullptr) return;
  SettingsReader in(*tls, "tls", mistakes);
  for (const PemFault& fault :
       CheckPemFiles({config.tls_ca, config.tls_cert, config.tls_key}, now)) {
    in.Complain(fault.key, fault.what);
  }
  const absl::StatusOr<std::string> own = ReadPemFile(config.tls_cert);
  if (!own.ok() || config.name.empty() || config.region.empty()) return;  // told already
  const absl::Status identity = OwnIdentity(config, *own).status();
  if (absl::IsFailedPrecondition(identity)) in.Complain("cert", FromAbsl(identity.message()));
}

}  // namespace

absl::StatusOr<IdentityCertificate> OwnIdentity(const AgentConfig& config,
                                                std::string_view certificate) {
  absl::StatusOr<IdentityCertificate> own = ParseIdentityCertificate(certificate);
  if (!own.ok()) return own.status();
  const PeerIdentity wanted{PeerRole::kAgent, config.region, config.name};
  if (own->identity == wanted) return own;
  return absl::FailedPreconditionError(
      Concat(config.tls_cert, " is not the certificate of agent '", config.name, "' in region '",
             config.region,
             "'; issue one with `postwatch ca issue`, or correct agent.name and agent.region"));
}

void CheckFiles(const AgentConfig& config, absl::Time now, Mistakes& mistakes) {
  CheckTls(config, now, mistakes);
  SettingsReader in(config.source, "", mistakes);
  const std::string fault = config.ca_file.empty() ? "" : AuthorityFileFault(config.ca_file);
  if (!fault.empty()) in.Complain("ca_file", fault);
  if (!config.fleet_key.file.empty()) {
    const absl::Status key = ResolveSecret(config.fleet_key).status();
    if (!key.ok()) in.Complain("fleet_key", FromAbsl(key.message()));
  }
}

absl::StatusOr<AgentConfig> CheckAgentConfig(const std::string& path, absl::Time now) {
  const absl::StatusOr<Settings> root = LoadConfiguration(path, {});
  if (!root.ok()) return root.status();
  Mistakes mistakes;
  AgentConfig config = ReadAgentConfig(*root, mistakes);
  CheckFiles(config, now, mistakes);
  if (!mistakes.empty()) return mistakes.ToStatus();
  return config;
}

}  // namespace postwatch::agent
