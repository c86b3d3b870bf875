// Timeline: a small fleet that watches a few providers, told what breaks when, played second by
// second against a correlator. Reads like what an operator would note down.
//   Timeline t;
//   t.Watch("alpha");
//   t.Fails("alpha/imap.access", FailureClass::kTcpRefused).From(60).To(180);
//   t.Play(300);
//   EXPECT_EQ(t.Pages(), "svc:alpha/imap");
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "collector/correlate/correlator.h"
#include "common/base/text.h"
#include "tests/unit/collector/correlate/trouble.h"

namespace postwatch::collector {

struct TimelineOptions {
  // agent: region, network. Each has its own resolver.
  std::map<std::string, std::pair<std::string, std::string>> agents = {
      {"eu", {"eu", "as-eu"}}, {"us", {"us", "as-us"}}, {"ap", {"ap", "as-ap"}}};
  int interval = 10;        // of checks, in seconds; round trips take three times as long
  bool answers = true;      // confirmations are answered, a second later
  bool duplicates = false;  // everything is delivered twice
  bool prompt = false;      // reports and answers arrive within half a second
  bool one_host = false;    // the MX is at the address of submission and IMAP
  bool shuffled = false;    // what arrives within two seconds arrives in another order
  std::map<std::string, double> skew;            // of an agent's clock, in seconds
  std::map<std::string, std::string> resolvers;  // of agents that have not one of their own
};

class Timeline {
 public:
  explicit Timeline(TimelineOptions options = {});

  // A provider with one MX, submission, IMAP and round trips.
  void Watch(const std::string& provider);
  // A check of what it publishes, twelve times as rare as the others.
  void WatchRecords(const std::string& provider, const std::string& kind);
  // Takes the checks whose ids begin so out of the configuration.
  void Unwatch(const std::string& checks);
  // The reference stays good until the next call.
  Trouble& Fails(const std::string& check, FailureClass klass);
  // The agent reaches nobody; what it saw comes in afterwards.
  void CutOff(const std::string& agent, double from, double to);

  void Play(double until);
  // A crash: a new correlator gets the open incidents and thinks the stored window through again.
  void RestartCollector();

  // Each alert that was due, in order: "svc:alpha/imap", by commas.
  std::string Pages() const;
  // Seconds at which they were due.
  const std::vector<double>& page_times() const { return page_times_; }
  // Distinct incidents that never paged: "agent:eu".
  std::string Quiet() const;
  std::string Open() const;
  size_t incident_count() const { return incidents_.size(); }
  // The newest incident of the component; fails the test when there is none.
  const Incident& Find(const std::string& component) const;
  size_t confirmations() const { return confirmations_; }
  // All changes, as text: equal logs mean equal behaviour.
  const std::string& log() const { return log_; }
  Correlator& correlator() { return *correlator_; }
  absl::Time TimeOf(double second) const { return start_ + absl::Seconds(second); }

 private:
  struct Due {
    double second;
    std::string agent, check, request;
    bool operator<(const Due& o) const {
      return std::tie(second, agent, check) < std::tie(o.second, o.agent, o.check);
    }
  };
  bool IsCutOff(const std::string& agent, double second) const;
  void Run(const Due& due);
  Sighting See(const Due& due, const CheckSpec& check, const Trouble* trouble);
  void Deliver(double second);
  void Take(const Findings& findings, double second);
  void Record(const IncidentChange& change, double second);

  TimelineOptions options_;
  absl::Time start_;
  FleetPlan plan_;
  std::map<std::string, Vantage> vantages_;
  std::deque<Trouble> troubles_;
  std::vector<std::tuple<std::string, double, double>> cuts_;
  std::multiset<Due> due_;
  std::vector<Sighting> waiting_;  // on agents' disks
  std::vector<Sighting> stored_;
  std::map<std::pair<std::string, std::string>, int> runs_;
  std::unique_ptr<Correlator> correlator_;
  std::map<std::string, Incident> incidents_;
  std::vector<std::string> pages_;
  std::vector<double> page_times_;
  std::set<std::string> told_;
  std::string log_;
  size_t confirmations_ = 0;
  double played_ = 0;
  uint64_t next_id_ = 1;
};

inline Timeline::Timeline(TimelineOptions options)
    : options_(std::move(options)),
      start_(absl::FromUnixSeconds(1800000000)),
      correlator_(MakeCorrelator({})) {
  plan_.checks.push_back({.id = "witness",
                          .kind = "witness",
                          .leg = Leg::kControl,
                          .interval = absl::Seconds(options_.interval)});
  int n = 0;
  for (const auto& [name, place] : options_.agents) {
    vantages_[name] = {.agent = name,
                       .region = place.first,
                       .network = place.second,
                       .resolver = Concat("10.0.0.", ++n, ":53")};
    const auto shared = options_.resolvers.find(name);
    if (shared != options_.resolvers.end()) vantages_[name].resolver = shared->second;
    correlator_->AgentHeard(vantages_[name], start_);
    due_.insert({0.1 * n, name, "witness", ""});
  }
  correlator_->SetPlan(plan_);
}

inline void Timeline::Watch(const std::string& provider) {
  struct Kind {
    std::string name;
    Leg leg;
  };
  const std::vector<Kind> kinds = {{"dns.mx", Leg::kDns},
                                   {"smtp.mx", Leg::kInbound},
                                   {"smtp.submit", Leg::kSubmission},
                                   {"imap.access", Leg::kAccess},
                                   {"roundtrip", Leg::kDelivery}};
  double phase = 1;
  for (const Kind& kind : kinds) {
    const int seconds = options_.interval * (kind.leg == Leg::kDelivery ? 3 : 1);
    plan_.checks.push_back({.id = Concat(provider, "/", kind.name),
                            .kind = kind.name,
                            .target = provider,
                            .provider = provider,
                            .leg = kind.leg,
                            .interval = absl::Seconds(seconds)});
    for (const auto& [agent, vantage] : vantages_) {
      phase += 0.7;
      due_.insert({std::fmod(phase, options_.interval), agent, plan_.checks.back().id, ""});
    }
  }
  correlator_->SetPlan(plan_);
}

inline void Timeline::WatchRecords(const std::string& provider, const std::string& kind) {
  const int seconds = options_.interval * 12;
  plan_.checks.push_back({.id = Concat(provider, "/", kind),
                          .kind = kind,
                          .target = provider,
                          .provider = provider,
                          .leg = Leg::kDns,
                          .interval = absl::Seconds(seconds)});
  double phase = 2;
  for (const auto& [agent, vantage] : vantages_) {
    due_.insert({phase, agent, plan_.checks.back().id, ""});
    phase += 0.9;
  }
  correlator_->SetPlan(plan_);
}

inline void Timeline::Unwatch(const std::string& checks) {
  std::erase_if(plan_.checks, [&](const CheckSpec& c) { return c.id.starts_with(checks); });
  std::erase_if(due_, [&](const Due& due) { return due.check.starts_with(checks); });
  correlator_->SetPlan(plan_);
}

inline Trouble& Timeline::Fails(const std::string& check, FailureClass klass) {
  return troubles_.emplace_back(check, klass);
}

inline void Timeline::CutOff(const std::string& agent, double from, double to) {
  cuts_.emplace_back(agent, from, to);
}

inline bool Timeline::IsCutOff(const std::string& agent, double second) const {
  return std::ranges::any_of(cuts_, [&](const auto& cut) {
    return std::get<0>(cut) == agent && second >= std::get<1>(cut) && second < std::get<2>(cut);
  });
}

inline void Timeline::Play(double until) {
  for (double second = played_; second < until; second += 0.5) {
    while (!due_.empty() && due_.begin()->second <= second) {
      const Due due = *due_.begin();
      due_.erase(due_.begin());
      Run(due);
    }
    if (options_.prompt || std::fmod(second, 2) == 0) Deliver(second);
    if (std::fmod(second, 1) != 0) continue;
    for (const auto& [agent, vantage] : vantages_) {
      if (std::fmod(second, 5) == 0 && !IsCutOff(agent, second)) {
        correlator_->AgentHeard(vantage, TimeOf(second));
      }
    }
    Take(correlator_->Tick(TimeOf(second)), second);
  }
  played_ = until;
}

inline void Timeline::Run(const Due& due) {
  const auto check = std::ranges::find(plan_.checks, due.check, &CheckSpec::id);
  if (due.request.empty()) {
    const double every = absl::ToDoubleSeconds(check->interval);
    due_.insert({due.second + every, due.agent, due.check, ""});
  } else if (IsCutOff(due.agent, due.second)) {
    return;
  }
  const int run = runs_[{due.agent, due.check}]++;
  const Trouble* hit = nullptr;
  for (const Trouble& trouble : troubles_) {
    if (trouble.Hits(due.agent, due.check, due.second, run)) hit = &trouble;
  }
  waiting_.push_back(See(due, *check, hit));
}

inline Sighting Timeline::See(const Due& due, const CheckSpec& check, const Trouble* trouble) {
  const std::string& p = check.provider;
  const std::string id = Concat("obs-", next_id_++);
  Observation seen{.id = id, .check_id = check.id, .kind = check.kind, .target = check.target};
  seen.started = TimeOf(due.second + options_.skew[due.agent]) - absl::Milliseconds(200);
  seen.took = absl::Milliseconds(200);
  seen.run_request = due.request;
  const auto touch = [&](std::string_view kind, const std::string& name) {
    seen.touched.push_back({std::string(kind), name});
  };
  if (trouble != nullptr) {
    seen.outcome = Outcome::kFail;
    seen.failure = Failure{.klass = trouble->klass(), .step = "connect", .detail = "as scripted"};
  }
  const std::string klass(trouble == nullptr ? "" : FailureClassName(trouble->klass()));
  const bool at_dns = klass.starts_with("dns_");
  const bool at_connect = klass.starts_with("tcp_");
  if (check.leg != Leg::kControl) {
    touch("resolver", vantages_[due.agent].resolver);
    touch("zone", p);
  }
  // The MX host is apart; submission and IMAP share one.
  if (!at_dns && check.leg == Leg::kInbound) {
    touch("mx", Concat("mx1.", p));
    touch("svc", Concat(p, "/smtp"));
    touch("provider", p);
    touch("site", Concat(p, options_.one_host ? "-ip" : "-mx-ip"));
    if (!at_connect) touch("cert", Concat("mx1.", p));
  }
  const bool sends = check.leg == Leg::kSubmission || check.leg == Leg::kDelivery;
  if (!at_dns && (sends || check.leg == Leg::kAccess)) {
    if (sends) touch("svc", Concat(p, "/submission"));
    touch("provider", p);
    touch("site", Concat(p, "-ip"));
    // A round trip that cannot connect has handed its letter in and fails at the IMAP server.
    if (check.leg != Leg::kSubmission) touch("svc", Concat(p, "/imap"));
    if (!at_connect) touch("cert", Concat("mail.", p));
    if (!at_connect && !klass.starts_with("tls_")) {
      touch("auth", p);
      touch("acct", Concat("probe@", p));
    }
  }
  return {.observation = std::move(seen),
          .vantage = vantages_[due.agent],
          .provider = p,
          .leg = check.leg,
          .spool_id = "1",
          .sequence = next_id_,
          .received = TimeOf(due.second)};
}

inline void Timeline::Deliver(double second) {
  std::vector<Sighting> kept, out;
  for (Sighting& sighting : waiting_) {
    (IsCutOff(sighting.vantage.agent, second) ? kept : out).push_back(std::move(sighting));
  }
  waiting_ = std::move(kept);
  if (options_.shuffled) std::ranges::reverse(out);
  for (Sighting& sighting : out) {
    // A backlog arrives when it arrives.
    if (second - absl::ToDoubleSeconds(sighting.received - start_) > 2) {
      sighting.received = TimeOf(second);
    }
    stored_.push_back(sighting);
    Take(correlator_->Observe(sighting, TimeOf(second)), second);
    if (options_.duplicates) Take(correlator_->Observe(sighting, TimeOf(second)), second);
  }
}

inline void Timeline::Take(const Findings& findings, double second) {
  for (const IncidentChange& change : findings.changes) Record(change, second);
  for (const Confirmation& ask : findings.confirmations) {
    ++confirmations_;
    if (!options_.answers) continue;
    for (const std::string& agent : ask.agents) {
      for (const std::string& check : ask.check_ids)
        due_.insert({second + (options_.prompt ? 0.1 : 1), agent, check, "now"});
    }
  }
}

inline void Timeline::Record(const IncidentChange& change, double second) {
  const Incident& incident = change.incident;
  Append(log_, second, " ", ChangeKindName(change.kind), " ", incident.verdict.component.Text(),
         " ", FailureClassName(incident.verdict.klass), " ",
         SeverityName(incident.verdict.severity), incident.alerting ? " alerting" : "", "\n");
  incidents_[incident.id] = incident;
  if (incident.state == IncidentState::kResolved) {
    told_.erase(incident.id);
  } else if (incident.alerting && told_.insert(incident.id).second) {
    pages_.push_back(incident.verdict.component.Text());
    page_times_.push_back(second);
  }
}

inline void Timeline::RestartCollector() {
  std::vector<Incident> open, resolved;
  for (const auto& [id, incident] : incidents_) {
    (incident.state == IncidentState::kOpen ? open : resolved).push_back(incident);
  }
  correlator_ = MakeCorrelator({});
  correlator_->SetPlan(plan_);
  correlator_->Restore(open, resolved);
  for (const auto& [agent, vantage] : vantages_) correlator_->AgentHeard(vantage, TimeOf(played_));
  for (const Sighting& sighting : stored_) correlator_->Recall(sighting);
}

inline std::string Timeline::Pages() const { return Join(pages_, ", "); }

inline std::string Timeline::Quiet() const {
  std::set<std::string> names;
  for (const auto& [id, incident] : incidents_) {
    if (!incident.alerting) names.insert(incident.verdict.component.Text());
  }
  return Join(names, ", ");
}

inline std::string Timeline::Open() const {
  std::set<std::string> names;
  for (const auto& [id, incident] : incidents_) {
    if (incident.state == IncidentState::kOpen) names.insert(incident.verdict.component.Text());
  }
  return Join(names, ", ");
}

inline const Incident& Timeline::Find(const std::string& component) const {
  static const Incident none;
  const Incident* found = &none;
  for (const auto& [id, incident] : incidents_) {
    const bool newer = found == &none || incident.opened > found->opened;
    if (incident.verdict.component.Text() == component && newer) found = &incident;
  }
  EXPECT_NE(found, &none) << component << " is not among the incidents:\n" << log_;
  return *found;
}

}  // namespace postwatch::collector
