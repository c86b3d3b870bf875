// Witness: which agents' failures count. An agent that is silent, whose control check fails, or
// that alone sees everything fail, testifies to its own trouble and to nobody else's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/evidence.h"
#include "collector/model/verdict.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

enum class Mask {
  kNone,
  kSilent,
  kWitness,  // its control check fails
  kBreadth,  // alone in seeing all its providers fail
};

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

class Witness {
 public:
  explicit Witness(absl::Duration silent_after);

  void Heard(const Vantage& vantage, absl::Time now);
  void Forget(const std::string& agent);

  // Judges all agents anew. Call after evidence or time has changed, before asking anything below.
  void Assess(const Evidence& evidence, absl::Time now);

  // Null for an agent never heard of.
  const Vantage* Find(const std::string& agent) const;
  Mask MaskOf(const std::string& agent) const;
  std::string MaskReason(const std::string& agent) const;
  // Its control check fails in a way that spoils some checks only (port 25 blocked, clock, trust
  // store): not masked as a whole.
  bool IsPartlyUnwell(const std::string& agent) const;
  // Sorted by name.
  std::vector<const Vantage*> Agents() const;
  FleetShape Shape() const;

  // Whether this failure, at the time it happened, is the agent's own.
  bool Excuses(const Cell& cell, const Record& failure) const;

  // Whether its last control check passed; true when no agent has any to run.
  bool IsVouchedFor(const std::string& agent) const;

  const std::vector<FleetCondition>& conditions() const { return conditions_; }

  // What the evidence says about an agent between two times: "its witness failed ...".
  std::string Account(const Evidence& evidence, const std::string& agent, absl::Time from,
                      absl::Time to) const;

 private:
  struct Statement {  // one run of a control check
    absl::Time began, ended;
    bool failed;
    FailureClass klass;
    absl::Duration interval;
  };
  struct Member {
    Vantage vantage;
    absl::Time last_heard;
    Mask mask = Mask::kNone;
    bool partly = false;
    std::string reason;
    absl::Time masked_since;
    FailureClass klass = FailureClass::kUnspecified;
    ComponentRef blamed;
    std::vector<Statement> statements;  // by ended
  };
  // Per agent: provider -> whether most of its checks there fail now.
  using Views = std::map<std::string, std::map<std::string, bool>>;

  void Listen(const Evidence& evidence);
  void JudgeAlone(const std::string& name, Member& member, absl::Time now);
  Views Survey(const Evidence& evidence, absl::Time now) const;
  void JudgeBreadth(const Evidence& evidence, absl::Time now);
  bool IsCorroborated(const Views& views, const Member& member, const std::string& provider) const;
  void BlameBreadth(const Evidence& evidence, Member& member, absl::Time now);
  void Conclude(absl::Time now);
  const Statement* Excusing(const Member& member, const Cell& cell, const Record& failure) const;

  absl::Duration silent_after_;
  std::map<std::string, Member> members_;
  std::vector<FleetCondition> conditions_;
  std::optional<absl::Time> blind_since_;
  bool has_control_checks_ = false;
};

}  // namespace postwatch::collector
