#include "collector/config.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "collector/alert/http_post.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/http/host.h"
#include "common/net/address.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxTargets = 100000;
constexpr size_t kMaxRevision = 128;
// Of the 256 bytes of a check's id the rest is for the kind.
constexpr size_t kMaxDomain = 240;
constexpr std::array<std::string_view, 3> kSecretKeys = {"password", "client_secret",
                                                         "refresh_token"};
constexpr std::string_view kNameRule =
    "must be lower-case letters, digits, '.', '-' and '_', at most 63";

bool IsDomain(std::string_view text) {
  if (text.empty() || text.size() > kMaxDomain || text.find('.') == text.npos) return false;
  for (const std::string_view label : Split(text, '.')) {
    if (label.empty() || label.size() > 63 || !IsName(AsciiLower(label))) return false;
  }
  return true;
}

// "host:port"; a host that holds colons stands in brackets.
bool IsListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (!bracketed && host.find(':') != host.npos) return false;
  const std::optional<int64_t> port = ParseInteger(text.substr(colon + 1));
  return port && *port >= 0 && *port <= 65535;
}

std::string ReadListenAddress(SettingsReader& in, std::string_view key, std::string_view fallback) {
  const std::string address = in.String(key, fallback);
  if (!IsListenAddress(address)) {
    in.Complain(key, Concat("'", address, "' is not ip:port, such as ", fallback));
  }
  return address;
}

// An address of one machine says by itself where it is.
std::string ReadAdvertised(SettingsReader& in, const std::string& listen) {
  const std::optional<Address> own = ParseAddress(listen, 0);
  const bool anywhere = !own || own->ip == "0.0.0.0" || own->ip == "::";
  const std::string text = in.String("advertise", anywhere ? "" : listen);
  const std::optional<Address> advertised = ParseAddress(text, own ? own->port : 0);
  if (advertised) return AddressText(*advertised);
  if (!text.empty()) {
    in.Complain("advertise", Concat("'", text, "' is not an address, such as 192.0.2.1"));
  }
  return "";
}

// Null when absent or empty.
Settings ReadMap(SettingsReader& in, std::string_view key) {
  const Settings* node = in.Child(key);
  if (node == nullptr || node->kind() == Settings::Kind::kNull) return {};
  if (node->kind() == Settings::Kind::kMap) return *node;
  in.Complain(key, "must be a map of keys");
  return {};
}

// These trees go to every agent as they are; a secret in them would travel along.
void RefuseWrittenSecrets(const Settings& tree, const std::string& path, Mistakes& mistakes) {
  for (const auto& [key, value] : tree.entries()) {
    const bool secret = std::ranges::find(kSecretKeys, key) != kSecretKeys.end();
    if (secret && value.kind() == Settings::Kind::kScalar) {
      mistakes.Add(value.origin(), Concat(path, ".", key),
                   "must be a reference, {file: PATH} or {env: NAME}, never the secret itself");
    }
    RefuseWrittenSecrets(value, Concat(path, ".", key), mistakes);
  }
}

TargetConfig ReadTarget(const Settings& item, const std::string& path, Mistakes& mistakes) {
  SettingsReader in(item, path, mistakes);
  TargetConfig target;
  target.origin = item.origin();
  target.domain = AsciiLower(in.RequiredString("domain"));
  if (!target.domain.empty() && !IsDomain(target.domain)) {
    in.Complain("domain", Concat("'", target.domain, "' is not a domain name"));
  } else if (!in.Has("provider") && target.domain.size() > 63) {
    in.Complain("provider", "is missing: the domain is too long to be its provider's name too");
  }
  target.provider = in.String("provider", target.domain);
  if (in.Has("provider") && !IsName(target.provider)) in.Complain("provider", kNameRule);
  target.mailbox = ReadMap(in, "mailbox");
  // Half of the checks would be missing, and nothing would say so.
  if (in.Has("mailbox") && in.Child("mailbox")->kind() == Settings::Kind::kNull) {
    in.Complain("mailbox", "is empty: give address and password, or leave it out");
  }
  target.checks = ReadMap(in, "checks");
  RefuseWrittenSecrets(target.mailbox, Concat(path, ".mailbox"), mistakes);
  RefuseWrittenSecrets(target.checks, Concat(path, ".checks"), mistakes);
  in.Finish();
  return target;
}

void ReadTargets(SettingsReader& in, CollectorConfig& config, Mistakes& mistakes) {
  std::map<std::string, std::string> seen;  // domain -> where
  const std::vector<Settings>& items = in.Items("targets");
  if (items.size() > kMaxTargets) in.Complain("targets", "more than 100000 entries");
  for (size_t i = 0; i < items.size() && i < kMaxTargets; ++i) {
    const std::string path = Concat("targets[", i, "]");
    TargetConfig target = ReadTarget(items[i], path, mistakes);
    const auto [first, fresh] = seen.emplace(target.domain, target.origin);
    if (!target.domain.empty() && !fresh) {
      mistakes.Add(target.origin, Concat(path, ".domain"),
                   Concat("'", target.domain, "' is listed twice, first in ", first->second));
    }
    config.targets.push_back(std::move(target));
  }
  if (items.empty()) in.Complain("targets", "must name at least one domain to watch");
}

// The sink's own keys stay in its settings; name and type are taken out here.
SinkConfig ReadSink(const Settings& item, const std::string& path, Mistakes& mistakes) {
  SettingsReader in(item, path, mistakes);
  SinkConfig sink;
  sink.type = in.RequiredString("type");
  sink.name = in.String("name", sink.type);
  if (in.Has("name") && !IsName(sink.name)) in.Complain("name", kNameRule);
  sink.settings = Settings::Map(item.origin());
  for (const auto& [key, value] : item.entries()) {
    if (key != "type" && key != "name") sink.settings.Set(key, value);
  }
  return sink;
}

void ReadAlerting(SettingsReader& root, CollectorConfig& config, Mistakes& mistakes) {
  const Settings* node = root.Child("alerting");
  const Settings none = Settings::Map();
  SettingsReader in(node == nullptr ? none : *node, "alerting", mistakes);
  config.reminder_every =
      in.Duration("reminder_every", absl::Minutes(30), absl::Minutes(1), absl::Hours(24));
  config.page_after =
      in.Duration("page_after", absl::Seconds(25), absl::ZeroDuration(), absl::Minutes(10));
  std::map<std::string, std::string> seen;  // name -> where
  const std::vector<Settings>& items = in.Items("sinks");
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string path = Concat("alerting.sinks[", i, "]");
    SinkConfig sink = ReadSink(items[i], path, mistakes);
    const auto [first, fresh] = seen.emplace(sink.name, items[i].origin());
    if (!sink.name.empty() && !fresh) {
      mistakes.Add(items[i].origin(), Concat(path, ".name"),
                   Concat("'", sink.name, "' is used twice, first in ", first->second));
    }
    config.sinks.push_back(std::move(sink));
  }
  // Without this, a collector that nobody gave a sink would be silent about everything.
  if (items.empty()) config.sinks.push_back({"log", "log", Settings::Map()});
  in.Finish();
}

void ReadListen(SettingsReader& root, CollectorConfig& config, Mistakes& mistakes) {
  const Settings none = Settings::Map();
  const Settings* listen = root.Child("listen");
  SettingsReader in(listen == nullptr ? none : *listen, "listen", mistakes);
  config.grpc_listen = ReadListenAddress(in, "grpc", "0.0.0.0:7443");
  config.http_listen = ReadListenAddress(in, "http", "127.0.0.1:7480");
  config.http_advertise = ReadAdvertised(in, config.http_listen);
  config.http_hosts = in.Strings("hosts", [](const std::string& host) {
    return IsPlainHost(host)
               ? ""
               : Concat("'", host, "' is not a host name in lower case without a port");
  });
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
    config.tls_crl = tls_in.String("crl", "");
  }
  tls_in.Finish();
}

void ReadEnrolment(SettingsReader& root, CollectorConfig& config, Mistakes& mistakes) {
  const Settings* node = root.Child("enrolment");
  if (node == nullptr) return;
  SettingsReader in(*node, "enrolment", mistakes);
  config.enrolment.emplace();
  config.enrolment->ca_cert = in.RequiredString("ca_cert");
  config.enrolment->ca_key = in.RequiredString("ca_key");
  config.enrolment->lifetime =
      in.Duration("lifetime", absl::Hours(720), absl::Seconds(30), absl::Hours(24 * 366));
  in.Finish();
}

// `retention: 720h` alone is that of observations.
void ReadRetention(SettingsReader& root, CollectorConfig& config, Mistakes& mistakes) {
  constexpr absl::Duration kMost = absl::Hours(24 * 3660);
  constexpr absl::Duration kDefault = absl::Hours(24 * 30);
  const Settings none = Settings::Map();
  const Settings* node = root.Child("retention");
  const bool alone = node != nullptr && node->kind() == Settings::Kind::kScalar;
  if (alone) {
    Settings single = Settings::Map();
    single.Set("retention", *node);
    config.retention =
        SettingsReader(single, "", mistakes).Duration("retention", kDefault, absl::Hours(1), kMost);
  }
  SettingsReader in(node == nullptr || alone ? none : *node, "retention", mistakes);
  if (!alone) config.retention = in.Duration("observations", kDefault, absl::Hours(1), kMost);
  config.summary_retention =
      in.Duration("summaries", absl::Hours(24 * 395), absl::Hours(24), kMost);
  if (in.Has("summaries") && config.summary_retention < config.retention) {
    in.Complain("summaries", "is shorter than what observations themselves are kept");
  }
  config.summary_retention = std::max(config.summary_retention, config.retention);
  config.incident_retention =
      in.Duration("incidents", absl::InfiniteDuration(), absl::Hours(24), absl::InfiniteDuration());
  in.Finish();
}

void ReadRevision(SettingsReader& in, CollectorConfig& config) {
  config.revision = in.String("revision", "");
  config.revision_file = in.String("revision_file", "");
  const std::string wrong = in.Has("revision") ? RevisionMistake(config.revision) : "";
  if (!wrong.empty()) in.Complain("revision", wrong);
  if (in.Has("revision") && in.Has("revision_file")) {
    in.Complain("revision_file", "stands beside revision; give one of them");
  }
}

}  // namespace

CollectorConfig ReadCollectorConfig(const Settings& root, Mistakes& mistakes) {
  CollectorConfig config;
  config.source = root;
  SettingsReader in(root, "", mistakes);
  ReadListen(in, config, mistakes);
  ReadEnrolment(in, config, mistakes);
  config.fleet_key = in.Secret("fleet_key");
  config.external_url = in.String("external_url", Concat("http://", config.http_listen));
  const std::string wrong = UrlMistake(config.external_url);
  if (in.Has("external_url") && !wrong.empty()) in.Complain("external_url", wrong);
  if (const std::string host = HostOfUrl(config.external_url); !host.empty()) {
    config.http_hosts.push_back(host);
  }
  ReadRevision(in, config);
  config.store = in.String("store", "sqlite:collector.db");
  config.store_password = in.Secret("store_password");
  ReadRetention(in, config, mistakes);
  config.agent_silent_after =
      in.Duration("agent_silent_after", absl::Seconds(30), absl::Seconds(5), absl::Hours(1));
  config.round_trip_floor =
      in.Duration("round_trip_floor", absl::Seconds(60), absl::Seconds(1), absl::Hours(1));
  config.witness = ReadMap(in, "witness");
  config.defaults = ReadMap(in, "defaults");
  RefuseWrittenSecrets(config.defaults, "defaults", mistakes);
  ReadTargets(in, config, mistakes);
  ReadAlerting(in, config, mistakes);
  in.Finish();
  return config;
}

std::string RevisionMistake(std::string_view text) {
  constexpr std::string_view kOthers = "-._+/:@";
  const bool good = std::ranges::all_of(text, [kOthers](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != kOthers.npos;
  });
  if (good && !text.empty() && text.size() <= kMaxRevision) return "";
  return Concat("must be 1 to ", kMaxRevision, " letters, digits and ", kOthers);
}

}  // namespace postwatch::collector
