// Correlate: a fleet's observations through the correlator alone: how many a second, how long the
// calls take that think, how much memory a cell needs; in quiet time and while things are down.
//   correlate --agents 200 --targets 10000 --providers 50 --outage quiet|provider|worst|names
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bench/report.h"
#include "collector/correlate/correlator.h"
#include "common/base/text.h"

namespace postwatch::bench {
namespace {

using collector::Correlator;
using collector::Findings;
using collector::Sighting;

constexpr int kInterval = 60;       // seconds between two runs of a check by one agent
constexpr double kThought = 50e-6;  // a call that only takes a reading is ten times faster
constexpr size_t kDomainsOfHoster = 500;
constexpr size_t kRegions = 8, kNetworks = 40, kResolvers = 40;
constexpr uint64_t kFailOneIn = 1000;  // in quiet time

struct Fleet {
  size_t agents = 10, targets = 100, providers = 50;
  bool hosters_known = false;  // runs name the DNS hoster they depended on
  std::string outage;
};

struct Figures {
  std::vector<double> thinking;  // seconds of each call that thought
  double taken = 0;              // seconds of all calls
  double busiest = 0;            // most seconds of calls within one second of the fleet's time
  size_t observations = 0;
  std::map<std::string, std::string> blamed;  // by incident, what it last was about
  std::set<std::string> alerting;             // incidents that page
  size_t changes = 0, most_targets = 0;
};

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * 4096;
}

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Vantage VantageOf(size_t agent) {
  return {.agent = Concat("agent-", agent),
          .region = Concat("region-", agent % kRegions),
          .network = Concat("as", 64500 + agent % kNetworks),
          .resolver = Concat("192.0.2.", agent % kResolvers, ":53")};
}

// Of ten targets six have their MX looked at, two their names, two a mailbox.
Leg LegOf(size_t target) {
  const size_t n = target % 10;
  return n < 6 ? Leg::kInbound : n < 8 ? Leg::kDns : Leg::kAccess;
}

// The run of one target's check, and what it touches when it passes.
Sighting Template(const Fleet& fleet, size_t target) {
  const std::string domain = Concat("customer", target, ".example");
  const std::string provider = Concat("provider", target % fleet.providers);
  const std::string host = Concat(target % 3 == 0 ? "mx1." : "mx2.", provider, ".example");
  Sighting sighting{.provider = provider, .leg = LegOf(target), .spool_id = std::string(32, 'a')};
  Observation& seen = sighting.observation;
  seen.target = domain;
  seen.took = absl::Milliseconds(80);
  seen.touched = {{"resolver", ""}, {"zone", domain}};
  if (fleet.hosters_known) {
    seen.touched.push_back({"hoster", Concat("hoster", target / kDomainsOfHoster)});
  }
  const auto touch = [&](const char* kind, const std::string& name) {
    seen.touched.push_back({kind, name});
  };
  seen.kind = "dns.mx";
  if (sighting.leg == Leg::kInbound) {
    seen.kind = "smtp.mx";
    touch("mx", host);
    touch("svc", Concat(provider, "/smtp"));
  } else if (sighting.leg == Leg::kAccess) {
    seen.kind = "imap.access";
    touch("svc", Concat(provider, "/imap"));
  }
  if (sighting.leg != Leg::kDns) {
    touch("provider", provider);
    touch("site", Concat("2001:db8::", target % fleet.providers, ":", target % 3));
    touch("cert", host);
  }
  if (sighting.leg == Leg::kAccess) {
    touch("auth", provider);
    touch("acct", Concat("probe@", domain));
  }
  seen.check_id = Concat(domain, "/", seen.kind);
  return sighting;
}

Sighting Failing(Sighting sighting, FailureClass klass) {
  Observation& seen = sighting.observation;
  const bool lookup = klass == FailureClass::kDnsTimeout;
  seen.outcome = Outcome::kFail;
  seen.failure = Failure{klass, lookup ? "dns" : "connect", "no answer within 10 s", {}};
  seen.took = absl::Seconds(10);
  std::erase_if(seen.touched, [&](const ComponentRef& c) {
    const bool later = c.kind == "cert" || c.kind == "auth" || c.kind == "acct";
    const bool names = c.kind == "resolver" || c.kind == "zone" || c.kind == "hoster";
    return later || (lookup && !names);
  });
  return sighting;
}

class World {
 public:
  explicit World(const Fleet& fleet) : fleet_(fleet) {
    for (size_t a = 0; a < fleet.agents; ++a) vantages_.push_back(VantageOf(a));
    witness_ = {.leg = Leg::kControl, .spool_id = std::string(32, 'a')};
    witness_.observation = {.check_id = "witness",
                            .kind = "witness",
                            .took = absl::Milliseconds(50),
                            .touched = {{"resolver", ""}}};
    for (size_t t = 0; t < fleet.targets; ++t) {
      passing_.push_back(Template(fleet, t));
      const bool lookup = LegOf(t) == Leg::kDns || fleet.outage == "names";
      failing_.push_back(
          Failing(passing_.back(), lookup ? FailureClass::kDnsTimeout : FailureClass::kTcpTimeout));
    }
  }

  collector::FleetPlan Plan() const {
    collector::FleetPlan plan;
    plan.checks.push_back({.id = "witness", .kind = "witness", .leg = Leg::kControl});
    for (const Sighting& sighting : passing_) {
      const Observation& seen = sighting.observation;
      plan.checks.push_back({.id = seen.check_id,
                             .kind = seen.kind,
                             .target = seen.target,
                             .provider = sighting.provider,
                             .leg = sighting.leg,
                             .interval = absl::Seconds(kInterval)});
    }
    return plan;
  }

  // What the fleet reports in one second, agent by agent as their batches come in: each agent runs
  // each check once in kInterval.
  template <class Take>
  void Second(int64_t second, bool outage, Take take) {
    for (size_t a = 0; a < fleet_.agents; ++a) {
      const double share = static_cast<double>(a) / static_cast<double>(fleet_.agents);
      const absl::Time now = Start() + absl::Seconds(static_cast<double>(second) + share);
      if ((static_cast<size_t>(second) + a) % kInterval == 0) take(Seen(witness_, a, now), now);
      const size_t first = (static_cast<size_t>(second) * 7 + a * 13) % kInterval;
      for (size_t t = first; t < fleet_.targets; t += kInterval) {
        const bool fails = (outage && IsHit(t)) || Mix(++runs_) % kFailOneIn == 0;
        take(Seen((fails ? failing_ : passing_)[t], a, now), now);
      }
    }
  }

  static absl::Time Start() { return absl::FromUnixSeconds(1800000000); }

 private:
  bool IsHit(size_t target) const {
    if (fleet_.outage == "provider") return target % fleet_.providers == 0;
    if (fleet_.outage == "names") return target < kDomainsOfHoster;
    return fleet_.outage == "worst";
  }

  const Sighting& Seen(Sighting& sighting, size_t agent, absl::Time now) {
    sighting.vantage = vantages_[agent];
    sighting.sequence = ++sequence_;
    sighting.received = now;
    sighting.observation.id = Concat("0123456789abcdef", sequence_);
    sighting.observation.started = now - sighting.observation.took;
    sighting.observation.touched[0].name = sighting.vantage.resolver;
    return sighting;
  }

  Fleet fleet_;
  std::vector<Vantage> vantages_;
  std::vector<Sighting> passing_, failing_;
  Sighting witness_;
  uint64_t sequence_ = 0, runs_ = 0;
};

void Note(const Findings& findings, Figures& figures) {
  for (const collector::IncidentChange& change : findings.changes) {
    const collector::Incident& incident = change.incident;
    ++figures.changes;
    figures.most_targets = std::max(figures.most_targets, incident.verdict.targets.size());
    figures.blamed[incident.id] = incident.verdict.component.Text();
    if (incident.alerting) figures.alerting.insert(incident.id);
  }
}

// Seconds `from` to `to` of the fleet's time; stops early when they take longer than `limit`.
Figures Run(World& world, Correlator& correlator, int64_t from, int64_t to, bool outage,
            double limit) {
  Figures figures;
  const auto timed = [&](auto call, bool thinks) {
    const double start = WallSeconds();
    const Findings findings = call();
    const double took = WallSeconds() - start;
    figures.taken += took;
    if (thinks || took > kThought) figures.thinking.push_back(took);
    Note(findings, figures);
  };
  for (int64_t second = from; second < to && figures.taken < limit; ++second) {
    const double before = figures.taken;
    const absl::Time now = World::Start() + absl::Seconds(second);
    timed([&] { return correlator.Tick(now); }, true);
    world.Second(second, outage, [&](const Sighting& sighting, absl::Time at) {
      timed([&] { return correlator.Observe(sighting, at); }, false);
      ++figures.observations;
    });
    figures.busiest = std::max(figures.busiest, figures.taken - before);
  }
  std::ranges::sort(figures.thinking);
  return figures;
}

double Percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int Main(int argc, char** argv) {
  const auto number = [&](std::string_view name, long fallback) {
    return static_cast<size_t>(IntegerFlag(argc, argv, name, fallback));
  };
  const Fleet fleet{.agents = number("agents", 10),
                    .targets = number("targets", 100),
                    .providers = std::max<size_t>(1, number("providers", 50)),
                    .hosters_known = Flag(argc, argv, "hosters", "unknown") == "known",
                    .outage = Flag(argc, argv, "outage", "quiet")};
  const auto warm = static_cast<int64_t>(number("warm", 2L * kInterval));
  const auto length = static_cast<int64_t>(number("seconds", 2L * kInterval));
  const auto limit = static_cast<double>(number("limit", 120));
  World world(fleet);
  const double empty = ResidentBytes();
  const std::unique_ptr<Correlator> correlator = collector::MakeCorrelator({});
  correlator->SetPlan(world.Plan());
  const Figures quiet = Run(world, *correlator, 0, warm, false, 1e9);
  const double warmed = ResidentBytes();
  const Figures figures = Run(world, *correlator, warm, warm + length, true, limit);
  malloc_trim(0);
  const double cells = static_cast<double>(fleet.agents * (fleet.targets + 1));
  const bool show = Flag(argc, argv, "show", "") == "incidents";
  for (const auto& [id, component] : figures.blamed) {
    if (!show) break;
    std::fprintf(stderr, "%s%s\n", component.c_str(),
                 figures.alerting.contains(id) ? " pages" : "");
  }
  Print({{"per_s", static_cast<double>(figures.observations) / figures.taken},
         {"warm_per_s", static_cast<double>(quiet.observations) / quiet.taken},
         {"p50_ms", Percentile(figures.thinking, 0.5) * 1e3},
         {"p99_ms", Percentile(figures.thinking, 0.99) * 1e3},
         {"max_ms", figures.thinking.back() * 1e3},
         {"busiest_s", figures.busiest},
         {"thoughts", static_cast<double>(figures.thinking.size())},
         {"observations", static_cast<double>(figures.observations)},
         {"bytes_a_cell", (warmed - empty) / cells},
         {"peak_bytes_a_cell", (ResidentBytes() - empty) / cells},
         {"incidents", static_cast<double>(figures.blamed.size())},
         {"alerts", static_cast<double>(figures.alerting.size())},
         {"changes", static_cast<double>(figures.changes)},
         {"targets_named", static_cast<double>(figures.most_targets)}});
  return 0;
}

}  // namespace
}  // namespace postwatch::bench

int main(int argc, char** argv) { return postwatch::bench::Main(argc, argv); }
