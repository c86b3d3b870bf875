#include "collector/config.h"

#include <set>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/config/yaml_file.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxTargets = 100000;

bool IsDomain(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.find('.') == text.npos) return false;
  for (const std::string_view label : Split(text, '.')) {
    if (label.empty() || label.size() > 63 || !IsName(AsciiLower(label))) return false;
  }
  return true;
}

TargetConfig ReadTarget(const Settings& item, const std::string& path, Mistakes& mistakes) {
  SettingsReader in(item, path, mistakes);
  TargetConfig target;
  target.origin = item.origin();
  target.domain = AsciiLower(in.RequiredString("domain"));
  if (!target.domain.empty() && !IsDomain(target.domain)) {
    in.Complain("domain", Concat("'", target.domain, "' is not a domain name"));
  }
  target.provider = in.String("provider", target.domain);
  if (!target.provider.empty() && !IsName(target.provider)) {
    in.Complain("provider", "must be lower-case letters, digits, '.', '-' and '_', at most 63");
  }
  if (const Settings* mailbox = in.Child("mailbox")) target.mailbox = *mailbox;
  if (const Settings* checks = in.Child("checks")) target.checks = *checks;
  in.Finish();
  return target;
}

void ReadTargets(SettingsReader& in, CollectorConfig& config, Mistakes& mistakes) {
  std::set<std::string> seen;
  const std::vector<Settings>& items = in.Items("targets");
  if (items.size() > kMaxTargets) in.Complain("targets", "more than 100000 entries");
  for (size_t i = 0; i < items.size() && i < kMaxTargets; ++i) {
    const std::string path = Concat("targets[", i, "]");
    TargetConfig target = ReadTarget(items[i], path, mistakes);
    if (!target.domain.empty() && !seen.insert(target.domain).second) {
      mistakes.Add(items[i].origin(), Concat(path, ".domain"),
                   Concat("'", target.domain, "' is listed twice"));
    }
    config.targets.push_back(std::move(target));
  }
  if (items.empty()) in.Complain("targets", "must name at least one domain to watch");
}

// The sink's own keys stay in its settings; name and type are taken out here.
SinkConfig ReadSink(const Settings& item, const std::string& path, Mistakes& mistakes) {
  SinkConfig sink;
  sink.settings = Settings::Map(item.origin());
  for (const auto& [key, value] : item.entries()) {
    if (key == "type") {
      sink.type = value.scalar();
    } else if (key == "name") {
      sink.name = value.scalar();
    } else {
      sink.settings.Set(key, value);
    }
  }
  if (sink.type.empty()) mistakes.Add(item.origin(), Concat(path, ".type"), "is missing");
  if (sink.name.empty()) sink.name = sink.type;
  if (!sink.name.empty() && !IsName(sink.name)) {
    mistakes.Add(item.origin(), Concat(path, ".name"),
                 "must be lower-case letters, digits, '.', '-' and '_', at most 63");
  }
  return sink;
}

void ReadAlerting(SettingsReader& root, CollectorConfig& config, Mistakes& mistakes) {
  const Settings* node = root.Child("alerting");
  const Settings none = Settings::Map();
  SettingsReader in(node == nullptr ? none : *node, "alerting", mistakes);
  config.reminder_every =
      in.Duration("reminder_every", absl::Minutes(30), absl::Minutes(1), absl::Hours(24));
  std::set<std::string> seen;
  const std::vector<Settings>& items = in.Items("sinks");
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string path = Concat("alerting.sinks[", i, "]");
    SinkConfig sink = ReadSink(items[i], path, mistakes);
    if (!seen.insert(sink.name).second) {
      mistakes.Add(items[i].origin(), Concat(path, ".name"),
                   Concat("'", sink.name, "' is used twice"));
    }
    config.sinks.push_back(std::move(sink));
  }
  if (items.empty()) config.sinks.push_back({"log", "log", Settings::Map()});
  in.Finish();
}

void ReadListen(SettingsReader& root, CollectorConfig& config, Mistakes& mistakes) {
  const Settings none = Settings::Map();
  const Settings* listen = root.Child("listen");
  SettingsReader in(listen == nullptr ? none : *listen, "listen", mistakes);
  config.grpc_listen = in.String("grpc", "0.0.0.0:7443");
  config.http_listen = in.String("http", "127.0.0.1:7480");
  in.Finish();

  const Settings* tls = root.Child("tls");
  if (tls == nullptr) {
    root.Complain("tls",
                  "is missing: agents and collector know each other by certificates "
                  "(make them with `postwatch ca init` and `postwatch ca issue`)");
  }
  SettingsReader tls_in(tls == nullptr ? none : *tls, "tls", mistakes);
  if (tls != nullptr) {
    config.tls_ca = tls_in.RequiredString("ca");
    config.tls_cert = tls_in.RequiredString("cert");
    config.tls_key = tls_in.RequiredString("key");
  }
  tls_in.Finish();
}

}  // namespace

absl::StatusOr<CollectorConfig> ReadCollectorConfig(const Settings& root) {
  Mistakes mistakes;
  CollectorConfig config;
  SettingsReader in(root, "", mistakes);
  ReadListen(in, config, mistakes);
  config.external_url = in.String("external_url", Concat("http://", config.http_listen));
  config.store = in.String("store", "sqlite:collector.db");
  config.retention =
      in.Duration("retention", absl::Hours(24 * 30), absl::Hours(1), absl::Hours(24 * 3660));
  config.agent_silent_after =
      in.Duration("agent_silent_after", absl::Seconds(30), absl::Seconds(5), absl::Hours(1));
  config.round_trip_floor =
      in.Duration("round_trip_floor", absl::Seconds(60), absl::Seconds(1), absl::Hours(1));
  if (const Settings* witness = in.Child("witness")) config.witness = *witness;
  if (const Settings* defaults = in.Child("defaults")) config.defaults = *defaults;
  ReadTargets(in, config, mistakes);
  ReadAlerting(in, config, mistakes);
  in.Finish();
  absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return config;
}

absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path) {
  absl::StatusOr<Settings> root = LoadYaml(path);
  if (!root.ok()) return root.status();
  return ReadCollectorConfig(*root);
}

}  // namespace postwatch::collector
