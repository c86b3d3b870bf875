#include "collector/config_files.h"

#include <array>
#include <fstream>
#include <optional>
#include <string_view>

#include "collector/plan.h"
#include "collector/sinks.h"
#include "collector/store/open_store.h"
#include "common/base/text.h"
#include "common/config/include.h"
#include "common/pki/pem_check.h"

namespace postwatch::collector {
namespace {

constexpr std::array<std::string_view, 2> kAppendedLists = {"targets", "alerting.sinks"};
constexpr size_t kMaxLine = 1024;

// The first line of the file is the revision.
void ReadRevisionFile(CollectorConfig& config, Mistakes& mistakes) {
  std::ifstream in(config.revision_file);
  std::string line;
  if (in) std::getline(in, line);
  const std::string_view revision = Trim(std::string_view(line).substr(0, kMaxLine));
  const std::string wrong = in ? RevisionMistake(revision) : "";
  if (in && wrong.empty()) {
    config.revision = revision;
    return;
  }
  const std::string what = in ? Concat("the first line of ", config.revision_file, " ", wrong)
                              : Concat("cannot read a line of ", config.revision_file);
  SettingsReader(config.source, "", mistakes).Complain("revision_file", what);
}

CollectorConfig ReadWhole(const Settings& root, Mistakes& mistakes) {
  CollectorConfig config = ReadCollectorConfig(root, mistakes);
  const absl::Status store = CheckStoreName(config.store);
  if (!store.ok()) {
    SettingsReader(root, "", mistakes).Complain("store", FromAbsl(store.message()));
  }
  if (!config.revision_file.empty()) ReadRevisionFile(config, mistakes);
  MakePlan(config, mistakes);
  const SystemClock clock;
  MakeSinks(config, clock, mistakes);
  return config;
}

void CheckSecretFile(std::string_view key, const SecretReference& secret, const Settings& root,
                     Mistakes& mistakes) {
  if (secret.file.empty()) return;
  const absl::Status read = ResolveSecret(secret).status();
  if (!read.ok()) SettingsReader(root, "", mistakes).Complain(key, FromAbsl(read.message()));
}

void CheckSink(const SinkConfig& sink, const std::string& path, Mistakes& mistakes) {
  SettingsReader in(sink.settings, path, mistakes);
  Mistakes ignored;  // its shape is the sink's to judge
  SettingsReader lenient(sink.settings, path, ignored);
  const SecretReference secret = lenient.Secret("secret");
  if (!secret.file.empty()) {
    const absl::Status status = ResolveSecret(secret).status();
    if (!status.ok()) in.Complain("secret", FromAbsl(status.message()));
  }
  const std::string roots = lenient.String("ca_file", "");
  const std::string fault = roots.empty() ? "" : AuthorityFileFault(roots);
  if (!fault.empty()) in.Complain("ca_file", fault);
}

// `check_files`: as of when the files that it names are to be looked at too.
absl::StatusOr<CollectorConfig> ReadFile(const std::string& path,
                                         std::optional<absl::Time> check_files) {
  const absl::StatusOr<Settings> root = LoadConfiguration(path, kAppendedLists);
  if (!root.ok()) return root.status();
  Mistakes mistakes;
  CollectorConfig config = ReadWhole(*root, mistakes);
  if (check_files) CheckFiles(config, *check_files, mistakes);
  if (!mistakes.empty()) return mistakes.ToStatus();
  return config;
}

}  // namespace

void CheckFiles(const CollectorConfig& config, absl::Time now, Mistakes& mistakes) {
  if (const Settings* tls = config.source.Find("tls"); tls != nullptr) {
    SettingsReader in(*tls, "tls", mistakes);
    for (const PemFault& fault :
         CheckPemFiles({config.tls_ca, config.tls_cert, config.tls_key}, now)) {
      in.Complain(fault.key, fault.what);
    }
    const std::string fault =
        config.tls_crl.empty() ? "" : RevocationsFault(config.tls_crl, config.tls_ca);
    if (!fault.empty()) in.Complain("crl", fault);
  }
  if (const Settings* enrolment = config.source.Find("enrolment");
      enrolment != nullptr && config.enrolment) {
    SettingsReader in(*enrolment, "enrolment", mistakes);
    for (const PemFault& fault : CheckAuthorityFiles(
             config.enrolment->ca_cert, config.enrolment->ca_key, config.tls_ca, now)) {
      in.Complain(fault.key, fault.what);
    }
  }
  CheckSecretFile("store_password", config.store_password, config.source, mistakes);
  CheckSecretFile("fleet_key", config.fleet_key, config.source, mistakes);
  for (size_t i = 0; i < config.sinks.size(); ++i) {
    CheckSink(config.sinks[i], Concat("alerting.sinks[", i, "]"), mistakes);
  }
}

absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path) {
  return ReadFile(path, std::nullopt);
}

absl::StatusOr<CollectorConfig> CheckCollectorConfig(const std::string& path, absl::Time now) {
  return ReadFile(path, now);
}

}  // namespace postwatch::collector
