// Small fleet: a Coverage made of runs that are written as the components they cross.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/topology/identifiability.h"
#include "common/base/text.h"

namespace postwatch::collector {

struct RunOf {
  std::string agent = "a1", network = "as1", region = "eu";
  std::string check = "smtp";
  Leg leg = Leg::kInbound;
  std::string crossed;  // "mx:m site:s"; beside the agent and its network
  bool failed = false;
  int times = 1;
  std::string why;  // of a run out of turn
};

class SmallFleet {
 public:
  SmallFleet() : coverage(std::nullopt) {}
  explicit SmallFleet(FleetPlan plan) : coverage(std::move(plan)) {}

  // A minute passes before each.
  void Run(const RunOf& run) {
    for (int i = 0; i < run.times; ++i) {
      now += absl::Minutes(1);
      coverage.Take(SightingOf(run));
    }
  }

  Sighting SightingOf(const RunOf& run) {
    Sighting sighting{.vantage = {.agent = run.agent, .region = run.region, .network = run.network},
                      .provider = "p",
                      .leg = run.leg,
                      .sequence = ++sequence,
                      .received = now,
                      .crossing_known = true};
    Observation& seen = sighting.observation;
    seen.check_id = run.check;
    seen.target = "p";
    seen.run_request = run.why;
    seen.outcome = run.failed ? Outcome::kFail : Outcome::kPass;
    if (run.failed) seen.failure = Failure{.klass = FailureClass::kTcpTimeout};
    seen.touched = {{"agent", run.agent}, {"isp", run.network}};
    for (const std::string_view text : Split(run.crossed, ' ')) {
      const size_t colon = text.find(':');
      if (colon == text.npos) continue;
      seen.touched.push_back(
          {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))});
    }
    return sighting;
  }

  void Finish() {
    coverage.Finish();
    reaches = ReachOf(coverage);
  }

  ComponentId Id(const std::string& text) const {
    const Catalog& catalog = coverage.catalog();
    for (ComponentId id = 0; id < catalog.component_count(); ++id) {
      if (catalog.Ref(id).Text() == text) return id;
    }
    return kNoComponent;
  }
  const Reach& Of(const std::string& text) const { return reaches[Id(text)]; }
  std::string Text(ComponentId id) const { return coverage.catalog().Ref(id).Text(); }
  std::vector<std::string> Texts(const std::vector<ComponentId>& ids) const {
    std::vector<std::string> texts;
    for (const ComponentId id : ids) texts.push_back(Text(id));
    return texts;
  }

  absl::Time now = absl::FromUnixSeconds(1000);
  uint64_t sequence = 0;
  Coverage coverage;
  std::vector<Reach> reaches;
};

// Two networks, of which each gets to a front end of its own; one account.
inline void FillTwoSites(SmallFleet& fleet, int times = 10) {
  for (int i = 0; i < times; ++i) {
    for (const std::string_view n : {"1", "2"}) {
      const std::string path = Concat("path:as", n, ">p site:s", n, " provider:p");
      const std::string agent = Concat("a", n), network = Concat("as", n);
      fleet.Run(
          {.agent = agent,
           .network = network,
           .check = "smtp",
           .crossed = Concat(path, " svc:p/smtp mx:m", n, " cert:p/smtp listed:", agent, "@p")});
      fleet.Run({.agent = agent,
                 .network = network,
                 .check = "imap",
                 .leg = Leg::kAccess,
                 .crossed = Concat(path, " svc:p/imap auth:p acct:p/0")});
      fleet.Run({.agent = agent,
                 .network = network,
                 .check = "control",
                 .leg = Leg::kControl,
                 .crossed = "anchor:x"});
    }
  }
}

}  // namespace postwatch::collector
