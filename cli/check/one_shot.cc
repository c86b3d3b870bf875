#include "cli/check/one_shot.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "agent/probes/dns/zone_operators.h"
#include "agent/probes/probe.h"
#include "agent/probes/sqlite_ledger.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"

namespace postwatch::cli {
namespace {

using agent::LoopLag;
using agent::MakeBuiltinProbe;
using agent::Probe;
using agent::ProbeDeps;

class NoLag : public LoopLag {
 public:
  absl::Duration Worst() const override { return absl::ZeroDuration(); }
};

bool Wanted(const OneShotOptions& options, const CheckKind& kind) {
  if (kind.leg == Leg::kControl) return false;
  if (!options.only.empty()) {
    return std::ranges::find(options.only, kind.name) != options.only.end();
  }
  return !kind.needs_settings && (options.mailbox || !kind.needs_mailbox);
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

// EHLO wants a name that resolves or an address literal (RFC 5321 section 4.1.4).
std::string EhloName() {
  char name[256] = "";
  if (::gethostname(name, sizeof(name) - 1) != 0) return "[127.0.0.1]";
  return std::string_view(name).find('.') == std::string_view::npos ? "[127.0.0.1]" : name;
}

Task<void> RunInto(Probe& probe, const CheckSpec& spec, EventClock& clock,
                   std::vector<Observation>& out) {
  out = co_await agent::RunOnce(probe, spec, clock);
}

// A resolver that does not answer, or refuses us, says nothing about the domain.
void DistrustResolver(Observation& observation, const Resolver& resolver) {
  if (!observation.failure || (observation.failure->klass != FailureClass::kDnsTimeout &&
                               observation.failure->klass != FailureClass::kDnsRefused)) {
    return;
  }
  observation.outcome = Outcome::kNotTested;
  observation.not_tested_reason =
      Concat("the resolver ", resolver.name(), " gave no answer (", observation.failure->detail,
             "); give another with --resolver");
  observation.failure.reset();
}

// One check and one resolver to run it with.
struct Job {
  CheckSpec spec;
  std::string subject;
  Resolver* resolver;
};

std::vector<Job> PlanJobs(const OneShotOptions& options,
                          const std::vector<std::unique_ptr<Resolver>>& resolvers) {
  std::vector<Job> jobs;
  for (const CheckKind& kind : CheckKinds()) {
    if (!Wanted(options, kind)) continue;
    Settings settings = Settings::Map();
    if (kind.needs_mailbox && options.mailbox) settings.Set("mailbox", *options.mailbox);
    const bool by_each = kind.leg == Leg::kDns;
    for (size_t i = 0; i < (by_each ? resolvers.size() : 1); ++i) {
      jobs.push_back({.spec = {.id = Concat(options.domain, "/", kind.name),
                               .kind = std::string(kind.name),
                               .target = options.domain,
                               .provider = options.domain,
                               .leg = kind.leg,
                               .timeout = options.timeout,
                               .settings = settings},
                      .subject = by_each ? Concat(options.domain, " via ", resolvers[i]->name())
                                         : options.domain,
                      .resolver = resolvers[i].get()});
    }
  }
  return jobs;
}

absl::StatusOr<std::vector<std::unique_ptr<Resolver>>> MakeResolvers(
    const std::vector<Address>& servers, ResolverFactory& factory) {
  if (servers.empty()) {
    return absl::NotFoundError("no DNS resolver: /etc/resolv.conf names none; give --resolver IP");
  }
  std::vector<std::unique_ptr<Resolver>> resolvers;
  for (const Address& server : servers) {
    absl::StatusOr<std::unique_ptr<Resolver>> resolver = factory.Make({.server = server});
    if (!resolver.ok()) return resolver.status();
    resolvers.push_back(std::move(*resolver));
  }
  return resolvers;
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
  absl::Status status = RefuseUnknown(options);
  if (!status.ok()) return status;
  boost::asio::io_context loop;
  const std::unique_ptr<EventClock> clock = MakeSystemEventClock();
  const std::unique_ptr<Dialer> dialer = MakeTcpDialer();
  const std::unique_ptr<ResolverFactory> factory = MakeCaresResolverFactory();
  auto resolvers = MakeResolvers(options.resolvers, *factory);
  if (!resolvers.ok()) return resolvers.status();
  auto trust =
      options.ca_file.empty() ? TrustStore::System() : TrustStore::FromFile(options.ca_file);
  if (!trust.ok()) return trust.status();
  // Letters of this run are known to this run only: a ledger in memory, a key of its own.
  auto ledger = agent::OpenSqliteLedger(":memory:", *clock);
  if (!ledger.ok()) return ledger.status();
  const std::string key = RandomId();
  const NoLag no_lag;
  agent::ZoneOperators operators;

  Report report{.domain = options.domain, .started = clock->Now()};
  for (const Job& job : PlanJobs(options, *resolvers)) {
    if (options.progress) options.progress(Concat(job.spec.kind, " ", job.subject));
    const ProbeDeps deps{.dialer = *dialer,
                         .resolver = *job.resolver,
                         .resolvers = *factory,
                         .clock = *clock,
                         .trust = *trust,
                         .ledger = **ledger,
                         .loop_lag = no_lag,
                         .operators = operators,
                         .ehlo_name = EhloName(),
                         .agent = "cli",
                         .secrets = [&key](const SecretReference& reference) {
                           const bool own = reference.file.empty() && reference.env.empty();
                           return own ? absl::StatusOr<Secret>(Secret(key))
                                      : ResolveSecret(reference);
                         }};
    absl::StatusOr<std::unique_ptr<Probe>> probe = MakeBuiltinProbe(job.spec, deps);
    if (!probe.ok()) return probe.status();
    std::vector<Observation> observations;
    boost::asio::co_spawn(loop, RunInto(**probe, job.spec, *clock, observations),
                          boost::asio::detached);
    loop.restart();
    loop.run();
    for (Observation& observation : observations) {
      DistrustResolver(observation, *job.resolver);
      for (Finding& finding : FindingsOf(job.spec, job.subject, observation)) {
        report.findings.push_back(std::move(finding));
      }
    }
  }
  return report;
}

}  // namespace postwatch::cli
