#include "agent/config.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/config/yaml_file.h"

namespace postwatch::agent {
namespace {

constexpr std::string_view kMinimal =
    "agent: {name: fra1, region: eu}\n"
    "collector: {address: 'pw.example.net:7443'}\n"
    "tls: {ca: ca.pem, cert: a.pem, key: a.key}\n"
    "state_dir: /var/lib/pw\n";

absl::StatusOr<AgentConfig> Read(std::string_view text) {
  const auto none = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const absl::StatusOr<Settings> root = ParseYaml(text, "agent.yaml", none);
  if (!root.ok()) return root.status();
  Mistakes mistakes;
  AgentConfig config = ReadAgentConfig(*root, mistakes);
  if (!mistakes.empty()) return mistakes.ToStatus();
  return config;
}

std::vector<std::string> Mistaken(std::string_view text) {
  const absl::StatusOr<AgentConfig> config = Read(text);
  std::vector<std::string> lines;
  if (config.ok()) return lines;
  for (const std::string_view line : Split(FromAbsl(config.status().message()), '\n')) {
    lines.emplace_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(AgentConfig, OtherCollectorsToTry) {
  const auto with = [](const std::string& fallbacks) {
    std::string text(kMinimal);
    const std::string address = "address: 'pw.example.net:7443'";
    text.insert(text.find(address) + address.size(), ", fallbacks: " + fallbacks);
    return Read(text);
  };
  const absl::StatusOr<AgentConfig> config = with("['b.example.net:7443', '[2001:db8::1]:7443']");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->collector_fallbacks,
            (std::vector<std::string>{"b.example.net:7443", "[2001:db8::1]:7443"}));
  EXPECT_NE(FromAbsl(with("[b.example.net]").status().message()).find("is not host:port"),
            std::string::npos);
  EXPECT_NE(FromAbsl(with("[a:1, a:2, a:3, a:4, a:5, a:6, a:7, a:8, a:9]").status().message())
                .find("are more than 8"),
            std::string::npos);
}

TEST(AgentConfig, TheMinimumHasItsDefaults) {
  const absl::StatusOr<AgentConfig> config = Read(kMinimal);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->name, "fra1");
  EXPECT_EQ(config->network, "fra1");
  EXPECT_EQ(config->zone, "");
  EXPECT_EQ(config->collector_address, "pw.example.net:7443");
  EXPECT_EQ(config->server_name, "");
  EXPECT_EQ(config->tls_key, "a.key");
  EXPECT_FALSE(config->resolver.has_value());
  EXPECT_FALSE(config->secrets.has_value());
  EXPECT_EQ(config->concurrency, 16);
  EXPECT_EQ(config->spool_bytes, 268435456);
  EXPECT_EQ(config->spool_age, absl::Hours(72));
  EXPECT_EQ(config->web_listen, "127.0.0.1:7481");
}

TEST(AgentConfig, TheExampleLoadsAndSaysWhatItShows) {
  const absl::StatusOr<AgentConfig> config =
      LoadAgentConfig(Concat(POSTWATCH_TESTDATA, "/../../docs/examples/agent.yaml"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->network, "AS64500");
  EXPECT_EQ(config->fleet_key.file, "/etc/postwatch/fleet.key");
  EXPECT_EQ(config->secrets, (SecretRules{"/run/secrets", {}}));
}

TEST(AgentConfig, EveryKeyIsRead) {
  const absl::StatusOr<AgentConfig> config =
      Read(Concat(kMinimal,
                  "resolver: 192.0.2.53\nca_file: r.pem\nehlo_name: p.example\nconcurrency: 3\n"
                  "fleet_key: {env: KEY}\nspool: {max_bytes: 1048576, max_age: 1h}\n"
                  "secrets: {directory: /s, environment: [A, B]}\nweb: {listen: none}\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(AddressText(*config->resolver), "192.0.2.53:53");
  EXPECT_EQ(config->ca_file, "r.pem");
  EXPECT_EQ(config->ehlo_name, "p.example");
  EXPECT_EQ(config->concurrency, 3);
  EXPECT_EQ(config->fleet_key.env, "KEY");
  EXPECT_EQ(config->spool_bytes, 1048576);
  EXPECT_EQ(config->spool_age, absl::Hours(1));
  EXPECT_EQ(config->secrets, (SecretRules{"/s", {"A", "B"}}));
  EXPECT_EQ(config->web_listen, "");
}

TEST(AgentConfig, ItsNamesOnTheWeb) {
  const auto config = Read(Concat(kMinimal, "web: {hosts: [eu-1, eu1.example.net]}\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->web_hosts, (std::vector<std::string>{"eu-1", "eu1.example.net"}));
  EXPECT_EQ(Mistaken(Concat(kMinimal, "web: {hosts: ['eu-1:7481']}\n")).size(), 1u);
}

TEST(AgentConfig, AllMistakesAreToldAtOnceWithTheirLines) {
  EXPECT_EQ(
      Mistaken("agent: {name: Fra 1, region: eu}\n"
               "collector: {address: nowhere}\n"
               "tls: {ca: a, cert: b, keys: c}\n"
               "resolver: localhost\n"
               "concurrency: 0\n"
               "web: {listen: 7481}\n"
               "colector: 1\n"),
      (Lines{"agent.yaml:1: agent.name: must be lower-case letters, digits, '.', '-' and "
             "'_', at most 63",
             "agent.yaml:2: collector.address: 'nowhere' is not host:port, such as "
             "pw.example.net:7443",
             "agent.yaml:3: tls.key: is missing", "agent.yaml:3: tls.keys: is not a known key",
             "agent.yaml:1: state_dir: is missing",
             "agent.yaml:4: resolver: 'localhost' is not an IP address with or without port",
             "agent.yaml:5: concurrency: 0 is not between 1 and 256",
             "agent.yaml:6: web.listen: '7481' is neither ip:port, such as 127.0.0.1:7481, "
             "nor none",
             "agent.yaml:7: colector: is not a known key"}));
}

TEST(AgentConfig, AnEmptyFileSaysWhatIsNeeded) {
  const Lines lines = Mistaken("");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_NE(lines[0].find("agent: is missing"), std::string::npos);
  EXPECT_NE(lines[1].find("collector: is missing"), std::string::npos);
  EXPECT_NE(lines[2].find("tls: is missing"), std::string::npos);
  EXPECT_NE(lines[3].find("state_dir: is missing"), std::string::npos);
}

TEST(AgentConfig, AFleetKeyHasOneSource) {
  EXPECT_EQ(Mistaken(Concat(kMinimal, "fleet_key: {file: a, env: B}\n")),
            Lines{"agent.yaml:5: fleet_key: needs exactly one of file and env"});
  EXPECT_EQ(Mistaken(Concat(kMinimal, "fleet_key: {}\n")),
            Lines{"agent.yaml:5: fleet_key: needs exactly one of file and env"});
}

}  // namespace
}  // namespace postwatch::agent
