#include "cli/check/one_shot.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "agent/probes/dns/zone_operators.h"
#include "agent/probes/probe.h"
#include "agent/probes/sqlite_ledger.h"
#include "cli/check/resolver_views.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"

namespace postwatch::cli {
namespace {

namespace asio = boost::asio;

using agent::LoopLag;
using agent::MakeBuiltinProbe;
using agent::Probe;
using agent::ProbeDeps;

using Resolvers = std::vector<std::unique_ptr<Resolver>>;

class NoLag : public LoopLag {
 public:
  absl::Duration Worst() const override { return absl::ZeroDuration(); }
};

// EHLO wants a name that resolves or an address literal (RFC 5321 section 4.1.4).
std::string EhloName() {
  char name[256] = "";
  if (::gethostname(name, sizeof(name) - 1) != 0) return "[127.0.0.1]";
  return std::string_view(name).find('.') == std::string_view::npos ? "[127.0.0.1]" : name;
}

// What probes work with, of this run alone.
struct Toolbox {
  std::unique_ptr<EventClock> clock = MakeSystemEventClock();
  std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  std::unique_ptr<ResolverFactory> resolvers = MakeCaresResolverFactory();
  std::shared_ptr<const TrustStore> trust;
  std::unique_ptr<agent::Ledger> ledger;
  std::string key = RandomId();  // signs the letters of this run
  NoLag no_lag;
  agent::ZoneOperators operators;

  absl::Status Open(const OneShotOptions& options) {
    auto roots =
        options.ca_file.empty() ? TrustStore::System() : TrustStore::FromFile(options.ca_file);
    if (!roots.ok()) return roots.status();
    trust = *std::move(roots);
    // Letters of this run are known to this run only.
    auto opened = agent::OpenSqliteLedger(":memory:", *clock);
    if (!opened.ok()) return opened.status();
    ledger = *std::move(opened);
    return absl::OkStatus();
  }

  ProbeDeps DepsWith(Resolver& resolver) {
    return {.dialer = *dialer,
            .resolver = resolver,
            .resolvers = *resolvers,
            .clock = *clock,
            .trust = trust,
            .ledger = *ledger,
            .loop_lag = no_lag,
            .operators = operators,
            .ehlo_name = EhloName(),
            .agent = "cli",
            .secrets = [this](const SecretReference& reference) {
              const bool own = reference.file.empty() && reference.env.empty();
              return own ? absl::StatusOr<Secret>(Secret(key)) : ResolveSecret(reference);
            }};
  }
};

bool Wanted(const OneShotOptions& options, const CheckKind& kind) {
  if (kind.leg == Leg::kControl) return false;
  if (!options.only.empty()) {
    return std::ranges::find(options.only, kind.name) != options.only.end();
  }
  if (kind.needs_settings) return false;
  return !kind.needs_mailbox || (options.mailbox && FitsMailbox(kind, *options.mailbox));
}

absl::Status RefuseUnknown(const OneShotOptions& options) {
  const std::vector<std::string> known = OneShotKinds();
  for (const std::string& kind : options.only) {
    if (std::ranges::find(known, kind) == known.end()) {
      return absl::InvalidArgumentError(
          Concat("'", kind, "' is no check kind; there are ", Join(known, ", ")));
    }
  }
  return absl::OkStatus();
}

// The steps that ask the name servers of the domain; all others ask the resolver.
constexpr std::array<std::string_view, 2> kAuthoritySteps = {"servers", "records"};

// Whether it is the resolver that did not answer or refused, and not a name server of the domain.
bool BlamesResolver(const Failure& failure) {
  const bool silent =
      failure.klass == FailureClass::kDnsTimeout || failure.klass == FailureClass::kDnsRefused;
  return silent && std::ranges::find(kAuthoritySteps, failure.step) == kAuthoritySteps.end();
}

// A resolver that does not answer, or refuses us, says nothing about the domain.
void DistrustResolver(Observation& observation, const Resolver& resolver) {
  if (!observation.failure || !BlamesResolver(*observation.failure)) return;
  observation.outcome = Outcome::kNotTested;
  observation.not_tested_reason =
      Concat("the resolver ", resolver.name(), " gave no answer (", observation.failure->detail,
             "); give another with --resolver");
  observation.failure.reset();
}

// One check and one resolver to run it with.
struct PlannedCheck {
  CheckSpec spec;
  Resolver* resolver;
  bool by_each;  // once for each resolver, one after another in the plan
};

std::vector<PlannedCheck> PlanChecks(const OneShotOptions& options, const Resolvers& resolvers) {
  std::vector<PlannedCheck> plan;
  for (const CheckKind& kind : CheckKinds()) {
    if (!Wanted(options, kind)) continue;
    Settings settings = Settings::Map();
    if (kind.needs_mailbox && options.mailbox) settings.Set("mailbox", *options.mailbox);
    const CheckSpec spec{.id = Concat(options.domain, "/", kind.name),
                         .kind = std::string(kind.name),
                         .target = options.domain,
                         .provider = options.domain,
                         .leg = kind.leg,
                         .interval = kind.interval,
                         .timeout = std::min(kind.timeout, options.timeout),
                         .settings = settings};
    const bool by_each = kind.leg == Leg::kDns;
    for (size_t i = 0; i < (by_each ? resolvers.size() : 1); ++i) {
      plan.push_back({spec, resolvers[i].get(), by_each});
    }
  }
  // A person reads the legs in their order, whatever the order of the kinds.
  std::ranges::stable_sort(plan, {}, [](const PlannedCheck& check) { return check.spec.leg; });
  return plan;
}

absl::StatusOr<Resolvers> MakeResolvers(const std::vector<Address>& servers,
                                        ResolverFactory& factory) {
  if (servers.empty()) {
    return absl::NotFoundError("no DNS resolver: /etc/resolv.conf names none; give --resolver IP");
  }
  Resolvers resolvers;
  for (const Address& server : servers) {
    absl::StatusOr<std::unique_ptr<Resolver>> resolver = factory.Make({.server = server});
    if (!resolver.ok()) return resolver.status();
    resolvers.push_back(std::move(*resolver));
  }
  return resolvers;
}

// Runs the pool to its end, or to the signal that ends it early; true for the latter.
bool RunPool(asio::io_context& loop, EventClock& clock, std::vector<Job> jobs,
             const OneShotOptions& options, std::vector<std::vector<Observation>>& results) {
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  bool interrupted = false;
  JobPool pool(
      loop.get_executor(), clock, std::move(jobs),
      {.limit = options.timeout, .progress = options.progress, .finished = [&] { loop.stop(); }});
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    interrupted = true;
    signals.clear();  // a second one ends the program
    pool.Stop("interrupted");
  });
  pool.Start();
  loop.run();
  results = pool.TakeResults();
  return interrupted;
}

// The findings of the plan's checks, in its order.
std::vector<Finding> Gather(const std::vector<PlannedCheck>& plan,
                            std::vector<std::vector<Observation>> results) {
  std::vector<Finding> findings;
  std::vector<std::vector<Finding>> views;  // of the check at hand
  for (size_t i = 0; i < plan.size(); ++i) {
    std::vector<Finding> view;
    for (Observation& observation : results[i]) {
      DistrustResolver(observation, *plan[i].resolver);
      for (Finding& finding : FindingsOf(plan[i].spec, plan[i].spec.target, observation)) {
        if (plan[i].by_each) finding.resolvers = {plan[i].resolver->name()};
        view.push_back(std::move(finding));
      }
    }
    views.push_back(std::move(view));
    if (i + 1 < plan.size() && plan[i + 1].spec.kind == plan[i].spec.kind) continue;
    for (Finding& finding : MergeViews(std::move(views))) findings.push_back(std::move(finding));
    views.clear();
  }
  return findings;
}

}  // namespace

std::vector<std::string> OneShotKinds() {
  std::vector<std::string> kinds;
  for (const CheckKind& kind : CheckKinds()) {
    if (kind.leg != Leg::kControl && !kind.needs_settings) kinds.emplace_back(kind.name);
  }
  return kinds;
}

absl::StatusOr<Report> RunOneShot(const OneShotOptions& options) {
  const absl::Status status = RefuseUnknown(options);
  if (!status.ok()) return status;
  Toolbox tools;
  if (absl::Status opened = tools.Open(options); !opened.ok()) return opened;
  asio::io_context loop;  // goes after the resolvers
  auto resolvers = MakeResolvers(options.resolvers, *tools.resolvers);
  if (!resolvers.ok()) return resolvers.status();

  Report report{.domain = options.domain, .started = tools.clock->Now()};
  const absl::Duration begun = tools.clock->Steady();
  const std::vector<PlannedCheck> plan = PlanChecks(options, *resolvers);
  std::vector<Job> jobs;
  for (const PlannedCheck& check : plan) {
    absl::StatusOr<std::unique_ptr<Probe>> probe =
        MakeBuiltinProbe(check.spec, tools.DepsWith(*check.resolver));
    if (!probe.ok()) return probe.status();
    jobs.push_back({check.spec, std::move(*probe), LanesOf(check.spec.leg)});
  }
  std::vector<std::vector<Observation>> results;
  report.interrupted = RunPool(loop, *tools.clock, std::move(jobs), options, results);
  report.findings = Gather(plan, std::move(results));
  report.took = tools.clock->Steady() - begun;
  return report;
}

}  // namespace postwatch::cli
