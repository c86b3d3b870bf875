// --config.check of the real programs: every mistake of a bad file, all at once.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "common/pki/pem_files.h"
#include "tests/support/test_folder.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

// The kinds a target may name.
Lines KindsOfTargets() {
  Lines names;
  for (const CheckKind& kind : CheckKinds()) {
    if (kind.leg != Leg::kControl) names.emplace_back(kind.name);
  }
  return names;
}

struct Outcome {
  int code = -1;
  Lines lines;  // what it wrote on stdout and stderr
};

class ConfigCheck : public testing::Test {
 protected:
  ConfigCheck() {
    Keep("ca", authority_);
    Keep("collector", Issue({PeerRole::kCollector, "", ""}));
    Keep("agent", Issue({PeerRole::kAgent, "eu", "fra1"}));
    Write("secret", "correct horse\n");
  }

  void Write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
  }
  void Keep(const std::string& name, const IssuedCertificate& issued) {
    ASSERT_TRUE(WriteIssuedCertificate(issued, folder_ / (name + ".pem"), folder_ / (name + ".key"),
                                       Overwrite::kReplace)
                    .ok());
  }
  IssuedCertificate Issue(const PeerIdentity& identity) const {
    return *IssueIdentity(authority_, {.identity = identity, .lifetime = absl::Hours(24)},
                          absl::Now());
  }

  // Runs `program` in the folder on `text` as the file c.yaml.
  Outcome Check(const std::string& program, std::string_view text) {
    Write("c.yaml", text);
    const std::string command =
        Concat("cd ", folder_.path(), " && exec ", POSTWATCH_BIN, "/", program,
               " --config.file c.yaml --config.check 2>&1 </dev/null");
    FILE* pipe = ::popen(command.c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::string all;
    std::array<char, 4096> buffer;
    for (size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      all.append(buffer.data(), got);
    }
    const int status = ::pclose(pipe);
    Outcome outcome{.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1};
    for (const std::string_view line : Split(Trim(all), '\n')) outcome.lines.emplace_back(line);
    return outcome;
  }

  const TestFolder folder_;
  const IssuedCertificate authority_ = *MakeAuthority("ca", absl::Now(), absl::Hours(1000));
};

TEST_F(ConfigCheck, TheCollectorTellsEveryMistakeOfAFileAtOnce) {
  Keep("other", *MakeAuthority("other", absl::Now(), absl::Hours(1000)));
  const Outcome outcome = Check("postwatch-collector",
                                "listen: {http: 7480}\n"
                                "external_url: https:///board\n"
                                "tls:\n"
                                "  ca: other.pem\n"
                                "  cert: collector.pem\n"
                                "  key: agent.key\n"
                                "store: mysql:localhost\n"
                                "witness: {anchors: [foo]}\n"
                                "defaults: {smtp.mx: {private: no}}\n"
                                "targets:\n"
                                "  - domain: a.test\n"
                                "    checks: {dns.mx: {intervall: 3s}, pop3: {}}\n"
                                "  - domain: b.test\n"
                                "    mailbox: {}\n"
                                "  - domain: c.test\n"
                                "    mailbox:\n"
                                "      address: p@c.test\n"
                                "      pasword: {file: /run/p}\n"
                                "      password: {file: /run/is-on-the-agents}\n"
                                "      receive: {protocol: nntp, port: 99999}\n"
                                "alerting:\n"
                                "  sinks:\n"
                                "    - {type: webhook, url: 'https://', secret: {file: gone}}\n"
                                "    - type: alertmanager\n"
                                "      urls: [http://am.test:9093,\n"
                                "        am2.test]\n"
                                "      ca_file: secret\n"
                                "    - {type: pager}\n"
                                "    - {type: log, colour: red}\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(
      outcome.lines,
      (Lines{"c.yaml:1: listen.http: '7480' is not ip:port, such as 127.0.0.1:7480",
             "c.yaml:2: external_url: names no host, or a port that is none",
             "c.yaml:7: store: write sqlite: or postgresql: followed by where it is, e.g. "
             "sqlite:/var/lib/postwatch/collector.db or "
             "postgresql://postwatch@db.example/postwatch?sslmode=verify-full",
             "c.yaml:9: defaults.smtp.mx.private: 'no' is none of report, allow",
             "c.yaml:8: witness.anchors: 'foo' is not ip:port",
             Concat("c.yaml:12: targets[0].checks.pop3: is no check kind; there are ",
                    Join(KindsOfTargets(), ", ")),
             "c.yaml:12: targets[0].checks.dns.mx.intervall: is not a known key",
             "c.yaml:14: targets[1].mailbox.address: is missing",
             "c.yaml:14: targets[1].mailbox.password: is missing: give {file: PATH} or {env: "
             "NAME}",
             "c.yaml:20: targets[2].mailbox.receive.protocol: 'nntp' is none of imap, pop3",
             "c.yaml:20: targets[2].mailbox.receive.port: 99999 is not between 1 and 65535",
             "c.yaml:18: targets[2].mailbox.pasword: is not a known key",
             "c.yaml:23: alerting.sinks[0].url: names no host, or a port that is none",
             "c.yaml:26: alerting.sinks[1].urls: must start with https:// or http://",
             "c.yaml:28: alerting.sinks[2].type: 'pager' is none of alertmanager, webhook, log",
             "c.yaml:29: alerting.sinks[3].colour: is not a known key",
             "c.yaml:5: tls.cert: the certificate in collector.pem was not issued by the authority "
             "in other.pem",
             "c.yaml:6: tls.key: the key in agent.key does not belong to the certificate in "
             "collector.pem",
             "c.yaml:23: alerting.sinks[0].secret: cannot read the secret file gone: No such file "
             "or directory",
             "c.yaml:27: alerting.sinks[1].ca_file: no PEM certificate in secret"}));
}

TEST_F(ConfigCheck, TheAgentTellsEveryMistakeOfAFileAtOnce) {
  const Outcome outcome = Check("postwatch-agent",
                                "agent: {name: ham1, region: eu, zoone: x}\n"
                                "collector: {address: pw.test}\n"
                                "tls:\n"
                                "  ca: gone.pem\n"
                                "  cert: agent.pem\n"
                                "  key: secret\n"
                                "ca_file: secret\n"
                                "fleet_key: {file: fleet.key}\n"
                                "concurrency: 1000\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(
      outcome.lines,
      (Lines{"c.yaml:1: agent.zoone: is not a known key",
             "c.yaml:2: collector.address: 'pw.test' is not host:port, such as "
             "pw.example.net:7443",
             "c.yaml:1: state_dir: is missing",
             "c.yaml:9: concurrency: 1000 is not between 1 and 256",
             "c.yaml:4: tls.ca: cannot open gone.pem: No such file or directory",
             "c.yaml:6: tls.key: no unencrypted PEM private key in secret",
             "c.yaml:5: tls.cert: agent.pem is not the certificate of agent 'ham1' in region 'eu'; "
             "issue one with `postwatch ca issue`, or correct agent.name and agent.region",
             "c.yaml:7: ca_file: no PEM certificate in secret",
             "c.yaml:8: fleet_key: cannot read the secret file fleet.key: No such file or "
             "directory"}));
}

TEST_F(ConfigCheck, GoodFilesAreGood) {
  const Outcome collector = Check(
      "postwatch-collector",
      "tls: {ca: ca.pem, cert: collector.pem, key: collector.key}\n"
      "targets: [{domain: a.test}]\n"
      "alerting: {sinks: [{type: webhook, url: 'https://h.test', secret: {file: secret}}]}\n");
  EXPECT_EQ(collector.code, 0);
  EXPECT_EQ(collector.lines, Lines{"c.yaml: no mistakes, 1 targets"});
  const Outcome agent = Check("postwatch-agent",
                              "agent: {name: fra1, region: eu}\n"
                              "collector: {address: 'pw.test:7443'}\n"
                              "tls: {ca: ca.pem, cert: agent.pem, key: agent.key}\n"
                              "state_dir: state\n"
                              "ca_file: ca.pem\n"
                              "fleet_key: {file: secret}\n");
  EXPECT_EQ(agent.code, 0);
  EXPECT_EQ(agent.lines, Lines{"c.yaml: no mistakes"});
}

}  // namespace
}  // namespace postwatch
