#include "agent/config.h"

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/config/include.h"
#include "common/http/host.h"
#include "common/net/address.h"

namespace postwatch::agent {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr size_t kMaxTextBytes = 253;
constexpr size_t kMaxFallbacks = 8;
constexpr std::string_view kNameRule =
    "must be lower-case letters, digits, '.', '-' and '_', at most 63";

std::optional<uint16_t> ParsePort(std::string_view text) {
  const std::optional<int64_t> port = ParseInteger(text);
  if (!port.has_value() || *port < 1 || *port > 65535) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

// A child map to be read with a reader of its own; an empty one when it is absent.
const Settings& ChildOrNone(SettingsReader& in, std::string_view key) {
  static const Settings none = Settings::Map();
  const Settings* child = in.Child(key);
  return child == nullptr ? none : *child;
}

void CheckName(SettingsReader& in, std::string_view key, const std::string& name) {
  if (!name.empty() && !IsName(name)) in.Complain(key, kNameRule);
}

void CheckLength(SettingsReader& in, std::string_view key, const std::string& text) {
  if (text.size() > kMaxTextBytes) in.Complain(key, "is longer than 253 bytes");
}

void ReadIdentity(SettingsReader& root, AgentConfig& config, Mistakes& mistakes) {
  if (!root.Has("agent")) root.Complain("agent", "is missing: give the agent a name and a region");
  SettingsReader in(ChildOrNone(root, "agent"), "agent", mistakes);
  if (root.Has("agent")) {
    config.name = in.RequiredString("name");
    config.region = in.RequiredString("region");
  }
  config.zone = in.String("zone", "");
  config.network = in.String("network", config.name);
  CheckName(in, "name", config.name);
  CheckName(in, "region", config.region);
  CheckLength(in, "zone", config.zone);
  CheckLength(in, "network", config.network);
  in.Finish();
}

// What is wrong with HOST:PORT; "" when nothing is.
std::string WrongAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  const bool complete = colon != std::string::npos && colon > 0 &&
                        ParsePort(std::string_view(address).substr(colon + 1)).has_value();
  if (address.empty() || complete) return "";
  return Concat("'", address, "' is not host:port, such as pw.example.net:7443");
}

void ReadCollector(SettingsReader& root, AgentConfig& config, Mistakes& mistakes) {
  if (!root.Has("collector")) {
    root.Complain("collector", "is missing: say where it listens, as {address: HOST:7443}");
  }
  SettingsReader in(ChildOrNone(root, "collector"), "collector", mistakes);
  if (root.Has("collector")) config.collector_address = in.RequiredString("address");
  if (const std::string wrong = WrongAddress(config.collector_address); !wrong.empty()) {
    in.Complain("address", wrong);
  }
  config.collector_fallbacks = in.Strings("fallbacks", WrongAddress);
  if (config.collector_fallbacks.size() > kMaxFallbacks) {
    in.Complain("fallbacks", Concat("are more than ", kMaxFallbacks));
  }
  config.server_name = in.String("server_name", "");
  CheckLength(in, "server_name", config.server_name);
  in.Finish();

  if (!root.Has("tls")) {
    root.Complain("tls",
                  "is missing: agents and collector know each other by certificates "
                  "(make them with `postwatch ca init` and `postwatch ca issue`)");
  }
  SettingsReader tls(ChildOrNone(root, "tls"), "tls", mistakes);
  if (root.Has("tls")) {
    config.tls_ca = tls.RequiredString("ca");
    config.tls_cert = tls.RequiredString("cert");
    config.tls_key = tls.RequiredString("key");
  }
  tls.Finish();
}

void ReadSecrets(SettingsReader& root, AgentConfig& config, Mistakes& mistakes) {
  config.fleet_key = root.Secret("fleet_key");
  if (!root.Has("secrets")) {
    root.Child("secrets");
    return;
  }
  SettingsReader in(ChildOrNone(root, "secrets"), "secrets", mistakes);
  config.secrets = SecretRules{in.String("directory", ""), in.Strings("environment")};
  if (!config.secrets->directory.empty() && config.secrets->directory[0] != '/') {
    in.Complain("directory", "must be an absolute path");
  }
  in.Finish();
}

void ReadLimits(SettingsReader& root, AgentConfig& config, Mistakes& mistakes) {
  config.concurrency = static_cast<int>(root.Integer("concurrency", 16, 1, 256));
  SettingsReader spool(ChildOrNone(root, "spool"), "spool", mistakes);
  config.spool_bytes =
      spool.Integer("max_bytes", int64_t{256} << 20, int64_t{1} << 20, int64_t{1} << 40);
  config.spool_age =
      spool.Duration("max_age", absl::Hours(72), absl::Hours(1), absl::Hours(24 * 365));
  spool.Finish();

  SettingsReader web(ChildOrNone(root, "web"), "web", mistakes);
  config.web_listen = web.String("listen", "127.0.0.1:7481");
  config.web_hosts = web.Strings("hosts", [](const std::string& host) {
    return IsPlainHost(host)
               ? ""
               : Concat("'", host, "' is not a host name in lower case without a port");
  });
  if (config.web_listen == "none") {
    config.web_listen.clear();
  } else if (!ParseAddress(config.web_listen, 0).has_value() ||
             ParseAddress(config.web_listen, 0)->port == 0) {
    web.Complain("listen", Concat("'", config.web_listen,
                                  "' is neither ip:port, such as 127.0.0.1:7481, nor none"));
  }
  web.Finish();
}

void ReadMail(SettingsReader& root, AgentConfig& config) {
  const std::string resolver = root.String("resolver", "");
  if (!resolver.empty()) {
    config.resolver = ParseAddress(resolver, kDnsPort);
    if (!config.resolver.has_value()) {
      root.Complain("resolver",
                    Concat("'", resolver, "' is not an IP address with or without port"));
    }
  }
  config.ca_file = root.String("ca_file", "");
  config.ehlo_name = root.String("ehlo_name", "");
  CheckLength(root, "ehlo_name", config.ehlo_name);
  if (config.ehlo_name.find_first_of(" \t\r\n<>") != std::string::npos) {
    root.Complain("ehlo_name", "must be a domain name or an address literal such as [192.0.2.1]");
  }
}

}  // namespace

AgentConfig ReadAgentConfig(const Settings& root, Mistakes& mistakes) {
  AgentConfig config;
  config.source = root;
  SettingsReader in(root, "", mistakes);
  ReadIdentity(in, config, mistakes);
  ReadCollector(in, config, mistakes);
  config.state_dir = in.RequiredString("state_dir");
  ReadMail(in, config);
  ReadSecrets(in, config, mistakes);
  ReadLimits(in, config, mistakes);
  in.Finish();
  return config;
}

absl::StatusOr<AgentConfig> LoadAgentConfig(const std::string& path) {
  const absl::StatusOr<Settings> root = LoadConfiguration(path, {});
  if (!root.ok()) return root.status();
  Mistakes mistakes;
  AgentConfig config = ReadAgentConfig(*root, mistakes);
  if (!mistakes.empty()) return mistakes.ToStatus();
  return config;
}

}  // namespace postwatch::agent
