// Witness: which agents' failures count. An agent that is silent or whose control check fails
// testifies to its own trouble and to nobody else's.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/signature.h"
#include "collector/model/verdict.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

enum class Mask {
  kNone,
  kSilent,
  kWitness,  // its control check fails
};

// Trouble of an agent that spoils some of its checks and leaves the others good.
bool IsPartial(FailureClass trouble);

// Trouble of the fleet itself, as it stands now; holds while it is reported.
struct FleetCondition {
  ComponentRef component;
  VerdictLevel level = VerdictLevel::kLocal;
  FailureClass klass = FailureClass::kUnspecified;
  std::vector<std::string> agents;  // sorted
  absl::Time since;
  std::string sentence;
};

// How much diversity the fleet could offer at best; what a page needs of it never exceeds that.
struct FleetShape {
  int agents = 0, regions = 0, networks = 0;

  int NeededRegions() const { return regions < 2 ? regions : 2; }
  int NeededNetworks() const { return networks < 2 ? networks : 2; }
  bool IsSingleVantage() const { return regions < 2 && networks < 2; }
};

// One run of a control check that speaks about its agent.
struct Statement {
  absl::Time began, ended;
  bool failed = false;
  FailureClass klass = FailureClass::kUnspecified;
  absl::Duration interval;
};

class Witness {
 public:
  explicit Witness(absl::Duration silent_after);

  void Heard(const Vantage& vantage, absl::Time now);
  void Forget(const std::string& agent);
  // Of an agent that was heard of.
  void Take(const std::string& agent, const Statement& statement);

  // Judges all agents anew. Call after something was taken or time has passed, before asking
  // anything below.
  void Assess(absl::Time now);

  // Null for an agent never heard of.
  const Vantage* Find(const std::string& agent) const;
  Mask MaskOf(const std::string& agent) const;
  std::string MaskReason(const std::string& agent) const;
  // Sorted by name.
  std::vector<const Vantage*> Agents() const;
  FleetShape Shape() const;

  // Whether a failure of this kind that ended then is the agent's own.
  bool Excuses(const std::string& agent, Leg leg, Family family, absl::Time ended) const;

  // Whether its last control check passed; true when no agent has any to run.
  bool IsVouchedFor(const std::string& agent) const;

  const std::vector<FleetCondition>& conditions() const { return conditions_; }

  // What is known of an agent between two times: "its witness failed ...".
  std::string Account(const std::string& agent, absl::Time from, absl::Time to) const;

 private:
  struct Member {
    Vantage vantage;
    absl::Time last_heard;
    Mask mask = Mask::kNone;
    bool partly = false;  // its control check fails in a way that spoils some checks only
    std::string reason;
    absl::Time masked_since;
    FailureClass klass = FailureClass::kUnspecified;
    ComponentRef blamed;
    std::deque<Statement> statements;  // by ended
  };

  void Judge(const std::string& name, Member& member, absl::Time now);
  void Conclude(absl::Time now);

  absl::Duration silent_after_;
  std::map<std::string, Member> members_;
  std::vector<FleetCondition> conditions_;
  std::optional<absl::Time> blind_since_;
  bool has_control_checks_ = false;
};

}  // namespace postwatch::collector
