// Probe: runs the checks of one kind. Start here to add one: a file pair and a line in
// builtin_probes.cc; its settings and what else is known of its kind are in common/checks.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/probes/ledger.h"
#include "agent/probes/mail/token_cache.h"
#include "agent/probes/step_recorder.h"
#include "common/base/secret.h"
#include "common/dns/resolver.h"
#include "common/model/check_spec.h"
#include "common/model/observation.h"
#include "common/net/dialer.h"
#include "common/net/event_clock.h"
#include "common/net/task.h"
#include "common/net/tls.h"

namespace postwatch::agent {

class ZoneOperators;  // agent/probes/dns/zone_operators.h

// Measures how late the event loop runs what is due; the agent's own, injected for `witness`.
class LoopLag {
 public:
  virtual ~LoopLag() = default;
  // Worst lag seen within the last minute.
  virtual absl::Duration Worst() const = 0;
};

// What a probe may use. Everything outlives every probe.
struct ProbeDeps {
  Dialer& dialer;
  Resolver& resolver;          // the agent's own
  ResolverFactory& resolvers;  // for servers found along the way
  EventClock& clock;
  std::shared_ptr<const TrustStore> trust;
  Ledger& ledger;
  const LoopLag& loop_lag;
  ZoneOperators& operators;
  std::string ehlo_name;  // FQDN that resolves, or an address literal (RFC 5321 section 4.1.4)
  std::string agent;      // this agent's name
  // Resolves a reference at the time of use, so that rotation needs no restart.
  std::function<absl::StatusOr<Secret>(const SecretReference&)> secrets;
  // Signs probe tokens; shared by the fleet.
  SecretReference fleet_key;
  // Access tokens of mailboxes; shared by the copies of these.
  std::shared_ptr<TokenCache> tokens = std::make_shared<TokenCache>();
};

// Immutable after Make: one probe object serves many runs. Run returns early at the first bad step.
class Probe {
 public:
  virtual ~Probe() = default;
  // Writes what it sees into `run`. Returns when done or cancelled; whatever happens, nothing is
  // thrown.
  virtual Task<void> Run(StepRecorder& run) = 0;
  // Observations that amend earlier ones, found in passing (a late letter). Taken once.
  virtual std::vector<Observation> TakeAmendments() { return {}; }
};

// InvalidArgument lists every mistake of the settings with its origin.
using MakeProbe = absl::StatusOr<std::unique_ptr<Probe>> (*)(const CheckSpec& spec,
                                                             const ProbeDeps& deps);

struct ProbeKind {
  std::string_view name;  // "smtp.mx", as in CheckKinds()
  MakeProbe make;
};

// The probe of every kind of check (builtin_probes.cc).
std::span<const ProbeKind> BuiltinProbes();

// NotFound names the kinds there are.
absl::StatusOr<std::unique_ptr<Probe>> MakeBuiltinProbe(const CheckSpec& spec,
                                                        const ProbeDeps& deps);

// One run with its deadline (spec.timeout): owns the recorder, blames the step that was running
// when the time was up, then cancels the probe. Also returns amendments, after the run's own
// observation.
Task<std::vector<Observation>> RunOnce(Probe& probe, const CheckSpec& spec, EventClock& clock);

}  // namespace postwatch::agent
