// FindingKeeper: keeps what agents found lately beside the outcomes of their runs.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/model/finding.h"
#include "common/model/observation.h"

namespace postwatch::collector {

// Bounded: at most 16 texts a check and 20000 in all, each of at most 512 bytes.
class FindingKeeper {
 public:
  using Checks = std::map<std::string, CheckSpec>;  // by id

  // Forgets what was found by checks that are not among these.
  void KeepOnly(const Checks& checks);

  // A run of a planned check that ended at `seen`. One that passes says all there is to say; after
  // any other, what the agent found before stands as long as it is fresh.
  void Observe(const Observation& run, const std::string& agent, absl::Time seen);
  void ForgetAgent(const std::string& agent);

  // `region_of` tells where an agent stands, "" for one whose word does not count now. What an
  // agent found longer ago than `fresh` of the check is left out.
  FindingList List(const Checks& checks, absl::Time now,
                   const std::function<absl::Duration(const CheckSpec&)>& fresh,
                   const std::function<std::string(const std::string& agent)>& region_of) const;

 private:
  // One class in the same words.
  struct Text {
    FailureClass klass;
    std::string detail;
    std::map<std::string, absl::Time> seen;  // by agent
  };
  using Texts = std::vector<Text>;

  void Add(Texts& texts, const Failure& found, const std::string& agent, absl::Time seen);
  void Drop(Texts& texts, const std::function<bool(const Text&)>& unwanted);

  std::map<std::string, Texts> texts_;  // by check id
  size_t count_ = 0;                    // of texts
  bool overflowed_ = false;             // some were not kept since the last time there was room
};

}  // namespace postwatch::collector
