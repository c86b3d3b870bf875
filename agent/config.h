// Agent configuration: one YAML file; docs/examples/agent.yaml shows every key in its place.
//
//   agent:                     who this agent is, and where it looks at the world from
//     name: fra1               as in its certificate; lower-case letters, digits, '.', '-', '_'
//     region: eu               likewise
//     zone: eu-central-1a      free text; default empty
//     network: AS64500         who carries its traffic: an ASN or a name. Agents of one network
//                              count as one witness of each other. Default: the agent's name
//   collector:
//     address: pw.example.net:7443
//     server_name: pw.example.net    the name its certificate must cover; default: host of address
//   tls:                       PEM files, made by `postwatch ca`; read again for each connection
//     ca: ca.pem
//     cert: agent.pem
//     key: agent.key
//   state_dir: DIR             spool, ledger and the last assignment; made when missing (0700)
//   resolver: 192.0.2.53:53    the DNS server checks ask; default: the first of /etc/resolv.conf
//   ca_file: roots.pem         who is trusted for *mail* servers instead of the system's roots
//   ehlo_name: probe.example.net     default: the host's full name, else an address literal
//   fleet_key: {file: F}       or {env: NAME}: signs probe messages; the same for the whole fleet.
//                              Default: what the collector gives (its own fleet_key), which is kept
//                              as fleet.key in state_dir. Without any, round trips do not run
//   secrets:                   what checks may refer to; without this section any file and variable
//     directory: /run/secrets  only files beneath it
//     environment: [NAME, ..]  only these variables
//   concurrency: 16            checks that run at once, 1 to 256
//   spool:
//     max_bytes: 268435456     1 MiB to 1 TiB; over it, the oldest observations are dropped
//     max_age: 72h             1h to 8760h
//   web:
//     listen: 127.0.0.1:7481   /-/healthy, /-/ready, /metrics, POST /-/reload; "none" for no HTTP
//     hosts: [eu1.example.net] names it is asked for by, besides addresses and localhost
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/model/settings.h"
#include "common/net/dialer.h"

namespace postwatch::agent {

struct SecretRules {
  std::string directory;
  std::vector<std::string> environment;

  bool operator==(const SecretRules&) const = default;
};

struct AgentConfig {
  std::string name;
  std::string region;
  std::string zone;
  std::string network;
  std::string collector_address;
  std::vector<std::string> collector_fallbacks;  // at most 8
  std::string server_name;                       // empty: the host of the address in turn
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string state_dir;
  std::optional<Address> resolver;  // nothing: the system's first
  std::string ca_file;              // empty: the system's roots
  std::string ehlo_name;            // empty: to be found out
  SecretReference fleet_key;        // both empty: none
  std::optional<SecretRules> secrets;
  int concurrency = 16;
  int64_t spool_bytes = 0;
  absl::Duration spool_age;
  std::string web_listen;  // empty: no HTTP
  std::vector<std::string> web_hosts;
  Settings source;  // as read, to see whether a reload changes anything
};

// InvalidArgument lists every mistake as "file:line: key: what". Nothing the file refers to is
// looked at yet.
absl::StatusOr<AgentConfig> LoadAgentConfig(const std::string& path);

// The same on an already read tree, as far as it can be read.
AgentConfig ReadAgentConfig(const Settings& root, Mistakes& mistakes);

}  // namespace postwatch::agent
