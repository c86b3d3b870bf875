#include "agent/probes/dns/dns_records.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/probes/check_memory.h"
#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/authority.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_records_settings.h"
#include "common/dns/record_text.h"

namespace postwatch::agent {
namespace {

// In place of a time: there is nothing to wait for.
constexpr absl::Duration kGone = absl::InfiniteDuration();

// What one server has.
struct FoundRecords {
  std::set<std::string> values;
  absl::Duration ttl;   // the shortest
  bool denied = false;  // NXDOMAIN
};

FoundRecords Read(const DnsReply& reply, RrType type) {
  FoundRecords found;
  found.ttl = absl::InfiniteDuration();
  found.denied = reply.message.rcode == Rcode::kNxDomain;
  for (const ResourceRecord& record : reply.message.answers) {
    if (record.type != type) continue;
    found.values.insert(RecordText(record));
    found.ttl = std::min(found.ttl, record.ttl);
  }
  return found;
}

bool IsAsExpected(const ExpectedRecords& expected, const FoundRecords& found) {
  if (expected.exact) return found.values == expected.values;
  return std::ranges::includes(expected.values, found.values);
}

bool IsAsBefore(const ExpectedRecords& expected, const FoundRecords& found) {
  return !expected.previous.empty() && found.values == expected.previous;
}

std::string NoteKey(const ExpectedRecords& expected) {
  return Concat("previous ", RrTypeText(expected.type), " ", expected.name);
}

std::string Subject(const ExpectedRecords& expected) {
  return Concat(RrTypeText(expected.type), " records of ", expected.name);
}

// "+10 mx9.alpha.test -10 mx1.alpha.test".
std::string Difference(const ExpectedRecords& expected, const FoundRecords& found) {
  std::vector<std::string> parts;
  for (const std::string& value : found.values) {
    if (!expected.values.contains(value)) parts.push_back(Concat("+", value));
  }
  for (const std::string& value : expected.values) {
    if (expected.exact && !found.values.contains(value)) parts.push_back(Concat("-", value));
  }
  if (found.denied) parts.emplace_back("(the name does not exist)");
  return Join(parts, " ");
}

// Name servers that do not answer are the affair of `dns.delegation`.
std::optional<Fault> JudgeServers(const RunContext& context, const ExpectedRecords& expected,
                                  const std::vector<const Authority*>& asked,
                                  const std::vector<DnsReply>& replies) {
  std::vector<std::string> before, drifted;
  size_t answered = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    const std::optional<FailureClass> klass = DnsFailureClass(replies[i]);
    const bool says = !klass.has_value() || *klass == FailureClass::kDnsNxdomain;
    if (!says || !replies[i].message.aa) continue;
    ++answered;
    const FoundRecords found = Read(replies[i], expected.type);
    if (IsAsExpected(expected, found)) continue;
    if (IsAsBefore(expected, found)) {
      before.push_back(asked[i]->Text());
    } else {
      drifted.push_back(Concat(asked[i]->Text(), ": ", Difference(expected, found)));
    }
  }
  context.run.Fact(Concat("servers.", expected.name), Concat(answered, "/", asked.size()));
  if (!before.empty()) {
    context.run.Find(
        FailureClass::kDnsPropagating,
        Concat(before.size(), " of ", answered, " name server addresses still have the ",
               Subject(expected), " of before the change: ", Join(before, ", ")));
  }
  if (drifted.empty()) return std::nullopt;
  return Fault{FailureClass::kDnsDrift,
               Concat("the ", Subject(expected), " at ", drifted.size(), " of ", answered,
                      " name server addresses are not as declared: ", Join(drifted, "; ")),
               std::nullopt};
}

class DnsRecords : public ConfiguredProbe<DnsRecordsSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> AskResolver(const RunContext& context, size_t index);
  Task<std::optional<Fault>> FindAuthorities(const RunContext& context, std::string name,
                                             std::vector<Authority>& authorities);
  Task<std::optional<Fault>> AskNameServers(const RunContext& context,
                                            const ExpectedRecords& expected);
  std::optional<Fault> Age(const RunContext& context, size_t index, const FoundRecords& found);

  absl::Duration GoneBy(const RunContext& context, size_t index, absl::Duration ttl);
  void IsGone(const RunContext& context, size_t index);

  // When what was before a change must be gone from the resolver's cache, by index of `expect`;
  // since the run that saw it first, also before a restart. kGone: they are gone.
  std::map<size_t, absl::Duration> gone_by_;
};

Task<void> DnsRecords::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  std::vector<Fault> faults;
  for (size_t i = 0; i < settings_.expect.size(); ++i) {
    const ExpectedRecords& expected = settings_.expect[i];
    TouchDns(context, expected.name);
    std::optional<Fault> fault = co_await AskResolver(context, i);
    if (!fault.has_value() && settings_.ask_authorities) {
      fault = co_await AskNameServers(context, expected);
    }
    if (!fault.has_value()) continue;
    if (fault->klass == FailureClass::kUnspecified) {
      Decide(run, *fault);
      co_return;
    }
    const bool silent = fault->klass == FailureClass::kDnsTimeout;
    faults.push_back(*std::move(fault));
    if (silent) break;  // who is silent would be so to each further question
  }
  if (faults.empty()) co_return;
  for (size_t i = 1; i < faults.size(); ++i) Mention(run, faults[i]);
  Decide(run, faults.front());
}

Task<std::optional<Fault>> DnsRecords::AskResolver(const RunContext& context, size_t index) {
  const ExpectedRecords& expected = settings_.expect[index];
  DnsQuestion question;
  question.name = expected.name;
  question.type = expected.type;
  const DnsReply reply = co_await deps_.resolver.Query(question);
  std::optional<Fault> fault = co_await JudgeDnsReply(deps_.resolver, question, reply);
  if (fault.has_value() && fault->klass != FailureClass::kDnsNxdomain) co_return fault;
  const FoundRecords found = Read(reply, expected.type);
  context.run.Fact(Concat(AsciiLower(RrTypeText(expected.type)), ".", expected.name),
                   found.values.empty() ? "none" : Join(found.values, ", "));
  if (!IsAsExpected(expected, found) && IsAsBefore(expected, found)) {
    co_return Age(context, index, found);
  }
  IsGone(context, index);
  if (IsAsExpected(expected, found)) co_return std::nullopt;
  Fault drift{FailureClass::kDnsDrift,
              Concat("the ", Subject(expected), " at ", reply.server,
                     " are not as declared: ", Difference(expected, found)),
              std::nullopt};
  co_return drift;
}

std::optional<Fault> DnsRecords::Age(const RunContext& context, size_t index,
                                     const FoundRecords& found) {
  const ExpectedRecords& expected = settings_.expect[index];
  const absl::Duration now = deps_.clock.Steady();
  const absl::Duration gone_by = GoneBy(context, index, found.ttl);
  const std::string before =
      Concat("the ", Subject(expected), " at the resolver are still those of before the change, ",
             Join(found.values, ", "));
  if (now > gone_by) {
    return Fault{
        FailureClass::kDnsStale,
        Concat(before, ", ", absl::FormatDuration(absl::Trunc(now - gone_by, absl::Seconds(1))),
               " longer than their TTL allows"),
        std::nullopt};
  }
  context.run.Find(FailureClass::kDnsPropagating,
                   Concat(before, ", for ", absl::FormatDuration(found.ttl), " more"));
  return std::nullopt;
}

// The note is "<Unix seconds> <the records of before>": other ones have a time of their own.
absl::Duration DnsRecords::GoneBy(const RunContext& context, size_t index, absl::Duration ttl) {
  const auto known = gone_by_.find(index);
  if (known != gone_by_.end() && known->second != kGone) return known->second;
  const absl::Duration now = deps_.clock.Steady();
  const absl::Time today = deps_.clock.Now();
  absl::Duration gone_by = now + ttl;
  const std::string key = NoteKey(settings_.expect[index]);
  const std::string values = Join(settings_.expect[index].previous, ", ");
  const std::string kept = known == gone_by_.end() ? RecallNote(context, key) : "";
  const size_t space = std::min(kept.find(' '), kept.size());
  const std::optional<int64_t> seconds = ParseInteger(kept.substr(0, space));
  if (seconds.has_value() && kept.substr(space) == Concat(" ", values)) {
    gone_by = std::min(gone_by, now + (absl::FromUnixSeconds(*seconds) - today));
  } else {
    KeepNote(context, key, Concat(absl::ToUnixSeconds(today + ttl), " ", values));
  }
  gone_by_[index] = gone_by;
  return gone_by;
}

void DnsRecords::IsGone(const RunContext& context, size_t index) {
  absl::Duration& gone_by = gone_by_.try_emplace(index).first->second;
  if (gone_by == kGone) return;
  gone_by = kGone;
  if (!settings_.expect[index].previous.empty()) {
    KeepNote(context, NoteKey(settings_.expect[index]), "");
  }
}

Task<std::optional<Fault>> DnsRecords::FindAuthorities(const RunContext& context, std::string name,
                                                       std::vector<Authority>& authorities) {
  std::string zone;
  const std::optional<Fault> lost = co_await FindZone(context, name, zone);
  if (lost.has_value() && lost->klass != FailureClass::kDnsNxdomain) co_return lost;
  if (lost.has_value()) zone = CanonicalName(spec_.target);
  std::vector<std::string> hosts;
  const std::optional<Fault> unknown = co_await LookUpNameServers(context, zone, hosts);
  if (unknown.has_value()) co_return unknown;
  Delegation delegation;
  delegation.zone = zone;
  delegation.resolves = true;
  const std::vector<NameServer> servers = co_await LocateServers(context, hosts, delegation);
  authorities = OpenAuthorities(deps_, servers);
  co_return std::nullopt;
}

Task<std::optional<Fault>> DnsRecords::AskNameServers(const RunContext& context,
                                                      const ExpectedRecords& expected) {
  std::vector<Authority> authorities;
  const std::optional<Fault> lost = co_await FindAuthorities(context, expected.name, authorities);
  if (lost.has_value()) co_return lost;
  std::vector<const Authority*> asked;
  for (const Authority& authority : authorities) asked.push_back(&authority);
  context.run.Begin("servers");
  const std::vector<DnsReply> replies =
      co_await AskAuthorities(asked, expected.name, expected.type);
  co_return JudgeServers(context, expected, asked, replies);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsRecords(const CheckSpec& spec,
                                                      const ProbeDeps& deps) {
  return MakeConfigured<DnsRecords, ReadDnsRecordsSettings>(spec, deps);
}

}  // namespace postwatch::agent
