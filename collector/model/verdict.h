// Verdict: what all agents together mean: the blamed component, why, how sure, and what else it
// could be.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/model/check_spec.h"
#include "common/model/component.h"
#include "common/model/failure_class.h"

namespace postwatch::collector {

// kReal: a fault of the service; pages. kLocal: of an agent, its network or its path; never pages.
// kInsufficientVisibility: too much of the fleet is masked or silent to tell; is itself reported.
enum class VerdictLevel { kReal, kLocal, kInsufficientVisibility };
std::string_view VerdictLevelName(
    VerdictLevel level);  // "real", "local", "insufficient_visibility"

// 1: mail lost or permanently rejected, or everything down everywhere. 2: one leg down, or delayed
// past the deadline, everywhere. 3: regional, partial, degraded. 4: risk.
enum class Severity { kSev1 = 1, kSev2 = 2, kSev3 = 3, kSev4 = 4 };
std::string_view SeverityName(Severity severity);  // "sev1"
// "critical", "error", "warning", "info": what alerting tools call them.
std::string_view SeverityLabel(Severity severity);

// What happens to mail meanwhile.
enum class MailLoss { kNone, kQueued, kRejected, kAtRisk, kAccessible };
std::string_view MailLossName(
    MailLoss loss);  // "none", "queued", "rejected", "at_risk", "accessible"

// What else it could be.
struct Alternative {
  ComponentRef component;
  double confidence = 0;
  std::string deciding;  // the observation that would tell it from the verdict

  bool operator==(const Alternative&) const = default;
};

// One row of the scope: how one region sees the blamed leg now.
struct ScopeRow {
  std::string region;
  int failing = 0;  // agents
  int healthy = 0;
  int masked = 0;

  bool operator==(const ScopeRow&) const = default;
};

// What the verdict stands on.
struct VerdictEvidence {
  int64_t failures = 0;                      // observations
  int64_t passes = 0;                        // in the same scope and time
  double gain = 0;                           // nats against nothing being wrong
  std::vector<std::string> agents;           // that saw it fail, sorted
  std::vector<std::string> networks;         // distinct, sorted
  std::map<std::string, int64_t> classes;    // failure class name -> count
  std::vector<std::string> observation_ids;  // at most 5, the most telling first
  std::vector<std::string> replies;          // at most 3 raw server replies
  // The figures of the decision; 0 in verdicts about the fleet itself, which are not inferred.
  double bounded = 0;   // as `gain`, where what one agent adds is bounded: a page is decided by it
  double odds = 0;      // of a real fault: nats against the best explanation by local faults alone
  double share = 0;     // estimated: of the attempts of the agents hit, 0 to 1
  double reach = 0;     // estimated: of the agents that are hit at all, 0 to 1
  int64_t looked = 0;   // agents that ran what would have shown it since it began
  int64_t against = 0;  // of them, those whose runs speak against it
  std::map<std::string, std::string> masked;  // agents that do not count now -> why; at most 50

  bool operator==(const VerdictEvidence&) const = default;
};

struct Verdict {
  ComponentRef component;
  FailureClass klass = FailureClass::kUnspecified;
  VerdictLevel level = VerdictLevel::kLocal;
  Leg leg = Leg::kControl;
  Severity severity = Severity::kSev4;
  MailLoss mail_loss = MailLoss::kNone;
  std::string provider;              // empty for faults of the fleet
  std::vector<std::string> targets;  // domains in scope, sorted; at most 50
  int64_t targets_hit = 0;           // all of them, also those not in `targets`
  double confidence = 0;             // that `component` is right, 0 to 1
  double failing_share = 0;          // of the attempts in scope, 0 to 1
  std::vector<ScopeRow> scope;
  VerdictEvidence evidence;
  std::vector<Alternative> alternatives;  // at most 3, likeliest first
  std::string explanation;                // one sentence for the alert

  bool operator==(const Verdict&) const = default;
};

// What happens, or once it is `over` happened, to mail: one sentence or two for people.
std::string_view MailLossSentence(const Verdict& verdict, bool over);

// "a.test, b.test and 450 more": names at most `most` and counts the others. Empty without targets.
std::string TargetsText(const Verdict& verdict, size_t most);

}  // namespace postwatch::collector
