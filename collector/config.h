// Collector configuration: one YAML file; docs/examples/collector.yaml shows and explains every
// key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/secret.h"
#include "common/model/check_spec.h"
#include "common/model/settings.h"

namespace postwatch::collector {

// One entry of `targets:`. A domain alone turns on every check that needs no credentials.
struct TargetConfig {
  std::string domain;
  std::string provider;  // default: the domain
  Settings mailbox;      // null without one; opaque here, read by the agents' probes
  // Map from check kind to {enabled, interval, timeout, and the probe's own settings}.
  Settings checks;
  std::string origin;  // "file:line"
};

// One entry of `alerting.sinks:`; the settings are read by the sink's own Make.
struct SinkConfig {
  std::string name;
  std::string type;
  Settings settings;

  bool operator==(const SinkConfig&) const = default;
};

// `enrolment:`: lets agents join by tokens and renew their certificates.
struct EnrolmentConfig {
  std::string ca_cert, ca_key;
  absl::Duration lifetime;  // of what is issued
};

struct CollectorConfig {
  std::string grpc_listen;              // "0.0.0.0:7443"
  std::string http_listen;              // "127.0.0.1:7480"
  std::string http_advertise;           // "ip:port" where another collector reaches it; "": nowhere
  std::vector<std::string> http_hosts;  // names it is asked for by: listen.hosts, external_url's
  std::string external_url;             // what links in alerts point to
  std::string tls_ca, tls_cert, tls_key;
  std::string tls_crl;  // "" for none
  std::optional<EnrolmentConfig> enrolment;
  SecretReference fleet_key;       // for agents that have none; neither set: none
  std::string store;               // see OpenSharedStore
  SecretReference store_password;  // neither set: none
  absl::Duration retention;        // of observations
  // Of their summaries by the hour, and of resolved incidents.
  absl::Duration summary_retention = absl::Hours(24 * 395);
  absl::Duration incident_retention = absl::InfiniteDuration();
  absl::Duration agent_silent_after;
  absl::Duration round_trip_floor;  // the shortest interval a round trip may have
  absl::Duration reminder_every;
  absl::Duration page_after;  // what trouble that names no cause must last at least
  Settings witness;           // settings of the control check
  Settings defaults;          // map from check kind to settings, under those of a target
  std::vector<TargetConfig> targets;
  std::vector<SinkConfig> sinks;
  std::string revision;       // what a version control calls it: `revision`, or read from the file
  std::string revision_file;  // that `revision_file` names
  Settings source;            // as read: where each key was written
};

// What a configuration file says, as far as it can be read. Checks and sinks are looked at by
// MakePlan and MakeSinks, which add to the same mistakes.
CollectorConfig ReadCollectorConfig(const Settings& root, Mistakes& mistakes);

// What is wrong with a text as a revision; empty when nothing is. 1 to 128 characters of those that
// names of versions have: letters, digits and -._+/:@.
std::string RevisionMistake(std::string_view text);

}  // namespace postwatch::collector
