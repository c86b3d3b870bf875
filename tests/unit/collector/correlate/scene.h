// Scene: readings made by hand, for the stages between evidence and incidents.
//   Scene s;
//   s.Passes({.ended = 100, .agent = "eu"});
//   s.Fails({.ended = 110, .agent = "us"}, FailureClass::kTcpRefused);
//   EXPECT_GT(s.Highest("svc:alpha/imap"), 3);
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "collector/correlate/attribution.h"
#include "collector/correlate/decision.h"
#include "collector/correlate/view.h"
#include "common/base/text.h"

namespace postwatch::collector {

// One run of a check. Times are seconds since 1970; agent "eu-2" is in region "eu" and network
// "as-eu-2".
struct Attempt {
  double ended = 0;
  std::string agent = "eu";
  std::string check = "alpha/imap";  // of target and provider "alpha"
  Leg leg = Leg::kAccess;
  std::vector<std::string> touched = {};  // "site:192.0.2.1"
  bool alone = false;                     // it crosses what it touched and nothing else
  double late = 0;                        // seconds until it comes in
};

inline ComponentRef MakeRef(const std::string& text) {
  const size_t colon = text.find(':');
  return {text.substr(0, colon), text.substr(colon + 1)};
}

inline Vantage MakeVantage(const std::string& agent) {
  return {.agent = agent,
          .region = agent.substr(0, agent.find('-')),
          .network = Concat("as-", agent),
          .resolver = Concat(agent, ":53")};
}

class Scene {
 public:
  static constexpr double kNoise = 0.005;

  explicit Scene(FleetPlan plan = {}) {
    if (!plan.checks.empty()) evidence.SetPlan(plan);
  }

  Reading Passes(const Attempt& run) {
    const Finding finding = Read(run, FailureClass::kUnspecified);
    EXPECT_EQ(finding.what, Finding::What::kPass);
    suspicions.TakePass(finding.reading);
    return finding.reading;
  }

  FailureId Fails(const Attempt& run, FailureClass klass) {
    Finding finding = Read(run, klass);
    EXPECT_EQ(finding.what, Finding::What::kFailure);
    finding.failure.noise = kNoise * NoiseMix(finding.reading.plane, finding.reading.family);
    const FailureId id = log.Add(finding.failure);
    evidence.Filed(finding.reading.cell, id);
    suspicions.TakeFailure(id);
    return id;
  }

  // The agent's control check.
  void Vouches(const std::string& agent, double ended) {
    Meet(agent, ended);
    witness.Take(agent,
                 {.began = ToTime(ended), .ended = ToTime(ended), .interval = absl::Seconds(60)});
  }

  // An agent that is of the fleet.
  void Meet(const std::string& agent, double now) {
    witness.Heard(MakeVantage(agent), ToTime(now));
  }

  View At(double now) {
    suspicions.CatchUp();
    witness.Assess(ToTime(now));
    return {catalog, log, evidence, suspicions, witness, now};
  }

  std::vector<Suspect> Suspects(const std::set<ComponentId>& known = {}) {
    suspicions.CatchUp();
    return Attribute(catalog, suspicions, known, [](const FailureRecord&) { return false; });
  }

  // By commas, in the order found.
  std::string Names(const std::vector<Suspect>& suspects) const {
    std::vector<std::string> names;
    for (const Suspect& suspect : suspects) names.push_back(catalog.Ref(suspect.id).Text());
    return Join(names, ", ");
  }

  ComponentId Id(const std::string& component) { return catalog.Component(MakeRef(component)); }
  const Suspicion& Of(const std::string& component) { return suspicions.Of(Id(component)); }
  double Highest(const std::string& component) { return Of(component).Highest(); }

  Catalog catalog;
  FailureLog log;
  Evidence evidence{catalog, log};
  Suspicions suspicions{catalog, log};
  Witness witness{absl::Hours(1)};

 private:
  Finding Read(const Attempt& run, FailureClass klass) {
    Meet(run.agent, run.ended + run.late);
    if (known_.insert(run.agent).second) {
      // Its clock is right.
      Sighting hello = MakeSighting(run, FailureClass::kUnspecified);
      hello.observation.outcome = Outcome::kNotTested;
      hello.received = ToTime(run.ended);
      evidence.Read(hello, -1e18);
    }
    return evidence.Read(MakeSighting(run, klass), -1e18);
  }

  Sighting MakeSighting(const Attempt& run, FailureClass klass) {
    Sighting sighting{.vantage = MakeVantage(run.agent),
                      .provider = "alpha",
                      .leg = run.leg,
                      .spool_id = "1",
                      .sequence = ++sequence_,
                      .received = ToTime(run.ended + run.late),
                      .crossing_known = run.alone};
    Observation& seen = sighting.observation;
    seen.id = Concat("obs-", sequence_);
    seen.check_id = run.check;
    seen.target = "alpha";
    seen.started = ToTime(run.ended - 1);
    seen.took = absl::Seconds(1);
    for (const std::string& component : run.touched) seen.touched.push_back(MakeRef(component));
    if (klass != FailureClass::kUnspecified) {
      seen.outcome = Outcome::kFail;
      seen.failure = Failure{.klass = klass, .step = "connect", .detail = "as made"};
    }
    return sighting;
  }

  std::set<std::string> known_;
  uint64_t sequence_ = 0;
};

}  // namespace postwatch::collector
