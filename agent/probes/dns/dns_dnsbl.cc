#include "agent/probes/dns/dns_dnsbl.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_dnsbl_settings.h"
#include "common/domain/blocklist.h"
#include "common/domain/ip_bytes.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxAddresses = 16;  // of MX hosts
// Of the run's time; what is not asked by then is left out, since a run that hits its deadline
// fails, and lists that are slow are no fault of the domain.
constexpr double kShareOfTimeout = 0.5;

class DnsDnsbl : public ConfiguredProbe<DnsDnsblSettings> {
 public:
  DnsDnsbl(CheckSpec spec, const ProbeDeps& deps, DnsDnsblSettings settings);

  Task<void> Run(StepRecorder& run) override;

 private:
  struct Belief {
    BlocklistHealth health;
    absl::Duration until;  // of the steady clock
  };
  // What a run has found out about the lists.
  struct Tally {
    size_t answering = 0;
    std::string silence;  // why the last that did not answer did not
  };

  Task<std::optional<Fault>> FindAddresses(const RunContext& context,
                                           std::vector<std::string>& addresses) const;
  Task<BlocklistHealth> HealthOf(const Blocklist& list, BlocklistSubject subject);
  Task<void> AskList(StepRecorder& run, const Blocklist& list, std::vector<std::string> subjects,
                     Tally& tally);
  Task<std::string> AskAbout(StepRecorder& run, const Blocklist& list, std::string subject,
                             BlocklistAnswer::Kind& kind);
  std::string NoteHealth(StepRecorder& run, const Blocklist& list, BlocklistSubject subject,
                         const BlocklistHealth& health) const;
  // Who did not choose the lists cannot mend them.
  void Tell(StepRecorder& run, FailureClass klass, std::string_view detail) const {
    if (!settings_.lists.empty()) run.Find(klass, detail);
  }

  std::vector<Blocklist> lists_;
  // Self-tests that are still believed. A probe's runs do not overlap.
  std::map<std::pair<std::string, BlocklistSubject>, Belief> beliefs_;
};

bool Answers(BlocklistAnswer::Kind kind) {
  return kind == BlocklistAnswer::Kind::kClean || kind == BlocklistAnswer::Kind::kListed;
}

BlocklistSubject SubjectOf(const Blocklist& list, const std::string& subject) {
  if (list.of_domains) return BlocklistSubject::kDomain;
  return IpBytes(subject).size() == 4 ? BlocklistSubject::kIpv4 : BlocklistSubject::kIpv6;
}

DnsDnsbl::DnsDnsbl(CheckSpec spec, const ProbeDeps& deps, DnsDnsblSettings settings)
    : ConfiguredProbe(std::move(spec), deps, std::move(settings)) {
  if (settings_.lists.empty()) lists_ = UsualBlocklists();
  for (const DnsDnsblSettings::List& named : settings_.lists) {
    Blocklist list = KnownBlocklist(named.zone);
    if (!named.of.empty()) list.of_domains = named.of == "domains";
    std::vector<BlocklistCode> codes;
    for (const auto& [code, meaning] : named.codes) codes.push_back({code, meaning});
    codes.insert(codes.end(), list.codes.begin(), list.codes.end());
    list.codes = std::move(codes);
    lists_.push_back(std::move(list));
  }
}

Task<void> DnsDnsbl::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  const absl::Duration stop = deps_.clock.Steady() + spec_.timeout * kShareOfTimeout;
  run.Begin("addresses");
  std::vector<std::string> addresses = settings_.addresses;
  std::optional<Fault> unknown;
  if (addresses.empty()) unknown = co_await FindAddresses(context, addresses);
  std::vector<std::string> domains = settings_.domains;
  if (domains.empty()) domains.push_back(CanonicalName(spec_.target));
  run.Begin("dns");
  Tally tally;
  for (const Blocklist& list : lists_) {
    const std::vector<std::string>& subjects = list.of_domains ? domains : addresses;
    if (subjects.empty()) continue;
    if (deps_.clock.Steady() >= stop) {
      run.Fact(Concat("dnsbl.", list.zone), "not asked: the time was up");
      continue;
    }
    co_await AskList(run, list, subjects, tally);
  }
  if (unknown.has_value()) {
    run.NotTested(Concat("the addresses of the mail servers are not known: ", unknown->detail));
  } else if (tally.answering == 0) {
    run.NotTested(
        Concat("no blocklist can be asked", tally.silence.empty() ? "" : ": ", tally.silence));
  }
}

// Those of the MX hosts that the Internet can see.
Task<std::optional<Fault>> DnsDnsbl::FindAddresses(const RunContext& context,
                                                   std::vector<std::string>& addresses) const {
  MxHosts mx;
  std::optional<Fault> lost = co_await LookUpMx(context, spec_.target, mx);
  if (lost.has_value()) co_return lost;
  std::optional<Fault> nowhere;
  for (const MxRecord& record : mx.hosts) {
    HostAddresses found;
    nowhere = co_await ResolveHost(context, record.host, AddressFamilies::kBoth, found);
    for (const std::vector<std::string>* family : {&found.v4, &found.v6}) {
      for (const std::string& ip : *family) {
        const bool known = std::ranges::find(addresses, ip) != addresses.end();
        if (known || IsPrivateAddress(ip) || addresses.size() == kMaxAddresses) continue;
        addresses.push_back(ip);
      }
    }
  }
  if (!addresses.empty()) co_return std::nullopt;
  if (nowhere.has_value()) co_return nowhere;
  Fault hidden{FailureClass::kUnspecified, "none of them is public", std::nullopt};
  co_return hidden;
}

Task<BlocklistHealth> DnsDnsbl::HealthOf(const Blocklist& list, BlocklistSubject subject) {
  const std::pair<std::string, BlocklistSubject> key(list.zone, subject);
  const absl::Duration now = deps_.clock.Steady();
  const auto belief = beliefs_.find(key);
  if (belief != beliefs_.end() && now < belief->second.until) co_return belief->second.health;
  const BlocklistHealth health = co_await TestBlocklist(deps_.resolver, list.zone, subject);
  // What did not answer may do so the next time.
  if (health.state != BlocklistHealth::State::kSilent) beliefs_[key] = {health, now + health.ttl};
  co_return health;
}

// What is wrong with the list, for its fact; "" when nothing is.
std::string DnsDnsbl::NoteHealth(StepRecorder& run, const Blocklist& list, BlocklistSubject subject,
                                 const BlocklistHealth& health) const {
  using State = BlocklistHealth::State;
  // Few lists have IPv6; one without is no dead one.
  const bool optional = subject == BlocklistSubject::kIpv6;
  switch (health.state) {
    case State::kWorks:
      return "";
    case State::kSilent:
      return Concat("does not answer: ", health.detail);
    case State::kRefused:
      Tell(run, FailureClass::kDnsblQueryRefused,
           Concat(list.zone, " does not answer this agent's resolver: ", health.detail));
      return Concat("refuses this resolver: ", health.detail);
    case State::kListsWorld:
      Tell(run, FailureClass::kDnsblListsWorld, Concat(list.zone, ": ", health.detail));
      return Concat("lists everybody: ", health.detail);
    case State::kDead:
      if (optional) return "has no IPv6 addresses";
      Tell(run, FailureClass::kDnsblDead, Concat(list.zone, ": ", health.detail));
      return Concat("is dead: ", health.detail);
  }
  return "";
}

// What the list says of one, for its fact; a listing is a finding.
Task<std::string> DnsDnsbl::AskAbout(StepRecorder& run, const Blocklist& list, std::string subject,
                                     BlocklistAnswer::Kind& kind) {
  const BlocklistAnswer answer = co_await AskBlocklist(deps_.resolver, list.zone, subject);
  kind = answer.kind;
  if (answer.kind == BlocklistAnswer::Kind::kClean) co_return Concat(subject, " clean");
  if (answer.kind == BlocklistAnswer::Kind::kRefused) {
    Tell(run, FailureClass::kDnsblQueryRefused,
         Concat(list.zone, " does not answer about ", subject, ": ", answer.detail));
  }
  if (answer.kind != BlocklistAnswer::Kind::kListed) {
    co_return Concat(subject, " not known: ", answer.detail);
  }
  std::vector<std::string> meanings;
  for (const std::string& code : answer.codes) {
    meanings.push_back(Concat(code, ", ", BlocklistMeaning(list, code)));
  }
  const std::string reason = co_await AskBlocklistReason(deps_.resolver, list.zone, subject);
  run.Find(FailureClass::kDnsblListed,
           Concat(subject, " is on ", list.zone, " (", Join(meanings, "; "), ")",
                  reason.empty() ? "" : ": ", reason));
  co_return Concat(subject, " listed: ", answer.detail);
}

Task<void> DnsDnsbl::AskList(StepRecorder& run, const Blocklist& list,
                             std::vector<std::string> subjects, Tally& tally) {
  std::vector<std::string> said;
  std::map<BlocklistSubject, bool> works;
  bool answered = false;  // about one of the subjects, at least
  for (const std::string& subject : subjects) {
    const BlocklistSubject kind = SubjectOf(list, subject);
    if (!works.contains(kind)) {
      const BlocklistHealth health = co_await HealthOf(list, kind);
      const std::string wrong = NoteHealth(run, list, kind, health);
      works[kind] = wrong.empty();
      if (!wrong.empty()) said.push_back(wrong);
      if (!wrong.empty()) tally.silence = Concat(list.zone, " ", wrong);
    }
    if (!works[kind]) continue;
    BlocklistAnswer::Kind said_as = BlocklistAnswer::Kind::kSilent;
    const std::string about = co_await AskAbout(run, list, subject, said_as);
    said.push_back(about);
    answered = answered || Answers(said_as);
    if (!Answers(said_as)) tally.silence = Concat(list.zone, ": ", about);
    if (said_as == BlocklistAnswer::Kind::kSilent) break;
  }
  if (answered) ++tally.answering;
  run.Fact(Concat("dnsbl.", list.zone), Join(said, "; "));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDnsbl(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsDnsbl, ReadDnsDnsblSettings>(spec, deps);
}

}  // namespace postwatch::agent
