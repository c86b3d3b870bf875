#include "agent/probes/dns/reg_rdap.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/rdap_client.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

// Each takes the name out of the DNS (RFC 8056).
constexpr std::array<std::string_view, 4> kHolds = {"client hold", "server hold",
                                                    "redemption period", "pending delete"};
constexpr std::array<std::string_view, 2> kLocks = {"client transfer prohibited",
                                                    "server transfer prohibited"};

std::string DateText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

class RegRdap : public ConfiguredProbe<RegRdapSettings> {
 public:
  RegRdap(CheckSpec spec, const ProbeDeps& deps, RegRdapSettings settings)
      : ConfiguredProbe(std::move(spec), deps, std::move(settings)), client_(settings_) {}

  Task<void> Run(StepRecorder& run) override;

 private:
  void Judge(StepRecorder& run, const RdapDomain& domain) const;
  std::vector<Fault> JudgeTerm(const RdapDomain& domain, std::vector<Fault>& hints) const;
  std::vector<Fault> JudgeDeclared(const RdapDomain& domain) const;

  RdapClient client_;
};

Task<void> RegRdap::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  RdapDomain domain;
  const std::optional<Fault> silent =
      co_await client_.Ask(context, CanonicalName(spec_.target), domain);
  // Neither the registry nor the way to it is the domain's.
  run.Recall(0);
  if (silent.has_value()) {
    Mention(run, *silent);
    run.NotTested(silent->detail);
    co_return;
  }
  run.Begin("registration");
  Judge(run, domain);
}

void Record(StepRecorder& run, const RdapDomain& domain) {
  run.Fact("rdap.domain", domain.name);
  run.Fact("rdap.status", Join(domain.status, ", "));
  run.Fact("rdap.nameservers", Join(domain.nameservers, ", "));
  run.Fact("rdap.registrar", domain.registrar_id.empty()
                                 ? domain.registrar
                                 : Concat(domain.registrar, " (", domain.registrar_id, ")"));
  if (domain.expires.has_value()) run.Fact("rdap.expires", DateText(*domain.expires));
  if (domain.changed.has_value()) run.Fact("rdap.changed", DateText(*domain.changed));
  if (domain.signed_delegation.has_value()) {
    run.Fact("rdap.signed", *domain.signed_delegation ? "true" : "false");
  }
}

void RegRdap::Judge(StepRecorder& run, const RdapDomain& domain) const {
  Record(run, domain);
  std::vector<Fault> hints;
  std::vector<Fault> faults = JudgeTerm(domain, hints);
  for (Fault& fault : JudgeDeclared(domain)) faults.push_back(std::move(fault));
  const bool locked =
      std::ranges::any_of(kLocks, [&domain](std::string_view lock) { return domain.Has(lock); });
  if (settings_.require_lock && !locked) {
    hints.push_back({FailureClass::kDomainLockMissing,
                     Concat(domain.name, " can be transferred away: its status is ",
                            domain.status.empty() ? "empty" : Join(domain.status, ", ")),
                     std::nullopt});
  }
  for (const Fault& hint : hints) Mention(run, hint);
  for (size_t i = 1; i < faults.size(); ++i) Mention(run, faults[i]);
  if (!faults.empty()) Decide(run, faults.front());
}

// What the registration itself says, the worst first; what is not bad yet goes to `hints`.
std::vector<Fault> RegRdap::JudgeTerm(const RdapDomain& domain, std::vector<Fault>& hints) const {
  std::vector<Fault> faults;
  std::vector<std::string_view> holds;
  std::ranges::copy_if(kHolds, std::back_inserter(holds),
                       [&domain](std::string_view hold) { return domain.Has(hold); });
  if (!holds.empty()) {
    faults.push_back({FailureClass::kDomainHold,
                      Concat("the registration of ", domain.name, " is in ", Join(holds, ", "),
                             ": the name is out of the DNS, or about to be"),
                      std::nullopt});
  }
  if (!domain.expires.has_value()) return faults;
  const absl::Duration left = *domain.expires - deps_.clock.Now();
  const std::string date = DateText(*domain.expires);
  if (left <= absl::ZeroDuration()) {
    faults.push_back({FailureClass::kDomainExpired,
                      Concat("the registration of ", domain.name, " ended on ", date),
                      std::nullopt});
  } else if (left <= settings_.warn) {
    Fault ending{FailureClass::kDomainExpiring,
                 Concat("the registration of ", domain.name, " ends in ",
                        absl::ToInt64Hours(left) / 24, " days, on ", date),
                 std::nullopt};
    (left <= settings_.critical ? faults : hints).push_back(std::move(ending));
  }
  return faults;
}

std::vector<Fault> RegRdap::JudgeDeclared(const RdapDomain& domain) const {
  std::vector<Fault> faults;
  const std::string& registrar = settings_.expect_registrar;
  if (!registrar.empty() && !EqualsIgnoreCase(registrar, domain.registrar) &&
      registrar != domain.registrar_id) {
    faults.push_back(
        {FailureClass::kRegistrarChanged,
         Concat("the registrar of ", domain.name, " is '", domain.registrar, "' (IANA number ",
                domain.registrar_id, "), expected '", registrar, "'"),
         std::nullopt});
  }
  const std::set<std::string> found(domain.nameservers.begin(), domain.nameservers.end());
  if (!settings_.expect_nameservers.empty() && found != settings_.expect_nameservers) {
    faults.push_back({FailureClass::kNameserverChanged,
                      Concat("the registry has the name servers ", Join(found, ", "), " for ",
                             domain.name, ", expected ", Join(settings_.expect_nameservers, ", ")),
                      std::nullopt});
  }
  return faults;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeRegRdap(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<RegRdap, ReadRegRdapSettings>(spec, deps);
}

}  // namespace postwatch::agent
