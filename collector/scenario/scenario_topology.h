// Scenario topology: what the first line of a scenario declares, and what a result crosses for it.
#pragma once

#include <simdjson.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "collector/model/fleet.h"
#include "collector/scenario/result_line.h"
#include "common/model/component.h"
#include "common/model/vantage.h"

namespace postwatch::collector {

class ScenarioTopology {
 public:
  // InvalidArgument says what is wrong with it; it is not to be used then.
  absl::Status Read(const simdjson::dom::element& line);

  // The nominal time between two runs of a check.
  absl::Duration interval() const { return interval_; }
  // The checks, where the line names them.
  const std::optional<FleetPlan>& plan() const { return plan_; }

  // Null when it is not declared.
  const Vantage* FindAgent(std::string_view name) const;
  // Whether it is something that such a check can watch.
  bool Knows(const ResultLine& result) const;
  // Everything that a run depends on. Letters are fetched by POP3 when `fetched_by_pop`.
  std::vector<ComponentRef> Crossed(const ResultLine& result, const Vantage& from,
                                    bool fetched_by_pop) const;

 private:
  using Components = std::vector<ComponentRef>;
  struct Provider {
    std::string dns_hoster;
    bool uses_dnsbl = false;
    std::map<std::string, std::string> site_of_mx;
    std::map<std::string, std::string> centre_of_site;
  };

  absl::Status ReadAgents(const simdjson::dom::element& line);
  absl::Status ReadProviders(const simdjson::dom::element& line);
  absl::Status ReadChecks(const simdjson::dom::element& line);
  void AddNames(const ResultLine& result, const Vantage& from, Components& out) const;
  void AddMail(const ResultLine& result, const Vantage& from, bool fetched_by_pop,
               Components& out) const;

  absl::Duration interval_ = absl::Seconds(60);
  std::optional<FleetPlan> plan_;
  std::map<std::string, Vantage, std::less<>> agents_;
  std::map<std::string, Provider, std::less<>> providers_;
  std::map<std::string, std::string, std::less<>> domains_;  // to their DNS hoster
};

}  // namespace postwatch::collector
