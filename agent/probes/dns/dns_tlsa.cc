#include "agent/probes/dns/dns_tlsa.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/mail/tls_visit.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_tlsa_settings.h"
#include "common/domain/remembering_resolver.h"
#include "common/domain/tlsa_match.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHosts = 8;
constexpr size_t kMaxAddressesOfHost = 4;
constexpr size_t kMaxRecords = 32;
constexpr size_t kMaxRecordsShown = 6;
constexpr int kMaxAliases = 8;  // in a chain
constexpr uint16_t kSmtpPort = 25;

// The TLSA records of one MX host and what the answers they hang on are worth.
struct HostRecords {
  std::string base;  // what senders take the host for: itself, or what it is an alias of
  std::string name;  // _25._tcp.<base>
  DnsReply reply;
  std::string weak;  // which answer is not authenticated; "" when all are
  std::vector<TlsaRecord> records;
};

// What became of the hosts so far.
struct Tally {
  std::optional<Fault> worst;         // the first
  std::string step;                   // that it came up in
  std::vector<ComponentRef> accused;  // what that depends on
  std::vector<ComponentRef> fine;     // what hosts without a fault depend on
  std::vector<std::string> unseen;    // hosts with records that nobody could look at, and why
  int published = 0, matched = 0;     // hosts with usable records; those seen to match
};

class DnsTlsa : public ConfiguredProbe<DnsTlsaSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<void> LookUp(const RunContext& context, std::string host, bool mx_secure,
                    HostRecords& found);
  Task<void> AskFor(std::string base, HostRecords& found);
  Task<std::optional<Fault>> JudgeLookup(const HostRecords& found);
  Task<bool> ResolverValidates();
  Task<std::optional<Fault>> JudgeHost(const RunContext& context, std::string host, bool mx_secure,
                                       Tally& tally);
  Task<std::optional<Fault>> VisitHost(const RunContext& context, std::string host,
                                       const HostRecords& found, Tally& tally);
  std::optional<Fault> JudgeVisit(const RunContext& context, const std::string& host,
                                  const std::string& ip, const HostRecords& found,
                                  const TlsVisit& visit) const;

  absl::Duration started_;  // the run, steady
};

std::string Texts(const std::vector<TlsaRecord>& records) {
  std::vector<std::string> texts;
  for (const TlsaRecord& record : records) {
    if (texts.size() < kMaxRecordsShown) texts.push_back(TlsaText(record));
  }
  return Join(texts, ", ");
}

void Conclude(StepRecorder& run, const Tally& tally) {
  run.Fact("dane", tally.published == 0
                       ? std::string("none")
                       : Concat(tally.matched, " of ", tally.published, " hosts match"));
  const std::vector<ComponentRef>& touched = tally.worst.has_value() ? tally.accused : tally.fine;
  for (const ComponentRef& component : touched) run.Touch(component);
  if (tally.worst.has_value()) {
    if (run.current_step() != tally.step) run.Begin(tally.step);
    Decide(run, *tally.worst);
  } else if (tally.matched == 0 && !tally.unseen.empty()) {
    run.NotTested(
        Concat("no MX host with TLSA records could be looked at: ", Join(tally.unseen, "; ")));
  }
}

// A domain without mail servers has nothing that TLSA records could be for; dns.mx tells whether it
// should have.
bool HasNoMail(const Fault& fault) {
  return fault.klass == FailureClass::kDnsNullMx || fault.klass == FailureClass::kDnsNodata;
}

Task<void> DnsTlsa::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  started_ = deps_.clock.Steady();
  run.Begin("dns");
  MxHosts mx;
  const std::optional<Fault> lost = co_await LookUpMx(context, spec_.target, mx);
  if (lost.has_value() && !HasNoMail(*lost)) {
    Decide(run, *lost);
    co_return;
  }
  if (mx.hosts.size() > kMaxHosts) mx.hosts.resize(kMaxHosts);
  Tally tally;
  for (const MxRecord& record : mx.hosts) {
    const size_t mark = run.touched_count();
    std::optional<Fault> fault = co_await JudgeHost(context, record.host, mx.authenticated, tally);
    if (fault.has_value() && fault->klass == FailureClass::kUnspecified) {
      Decide(run, *fault);
      co_return;
    }
    std::vector<ComponentRef> touched = run.Recall(mark);
    if (!fault.has_value()) {
      tally.fine.insert(tally.fine.end(), touched.begin(), touched.end());
    } else if (tally.worst.has_value()) {
      Mention(run, *fault);
    } else {
      tally.worst = std::move(fault);
      tally.step = run.current_step();
      tally.accused = std::move(touched);
    }
  }
  Conclude(run, tally);
}

// Where the aliases of the answer lead to from `host`; itself when it is none, or a circle.
std::string AliasTarget(const DnsMessage& message, const std::string& host) {
  std::string name = CanonicalName(host);
  for (int steps = 0; steps < kMaxAliases; ++steps) {
    const NameRecord* next = nullptr;
    for (const ResourceRecord& record : message.answers) {
      if (record.type != RrType::kCname || record.name != name) continue;
      next = std::get_if<NameRecord>(&record.value);
    }
    if (next == nullptr) return name;
    name = CanonicalName(next->name);
  }
  return host;
}

// Whether a sender goes by what was found and asks for no other name: records it may trust, or a
// lookup that fails.
bool Counts(const HostRecords& found) {
  if (found.base.empty()) return false;
  const DnsPresence presence = PresenceOf(found.reply, RrType::kTlsa);
  return presence == DnsPresence::kFailed || (!found.records.empty() && found.reply.message.ad);
}

// Senders ask for the host's records only when MX and address are secure (RFC 7672 section 2.2). Of
// an alias that is secure all the way they take the records of what it leads to, if there are any,
// else those of the alias (section 2.2.3).
Task<void> DnsTlsa::LookUp(const RunContext& context, std::string host, bool mx_secure,
                           HostRecords& found) {
  context.run.Begin("dns");
  TouchDns(context, host);
  AddressLookup lookup = co_await LookUpAddresses(deps_.resolver, host, RrType::kA);
  if (lookup.addresses.empty()) {
    lookup = co_await LookUpAddresses(deps_.resolver, host, RrType::kAaaa);
  }
  const std::string target = AliasTarget(lookup.reply.message, host);
  bool secure = lookup.reply.message.ad;
  if (secure && target != host) {
    co_await AskFor(target, found);
  }
  if (!Counts(found)) {
    co_await AskFor(host, found);
  }
  if (!secure && target != host) {
    // The alias itself may be secure where what it leads to is not (section 2.2.2).
    DnsQuestion question;
    question.name = host;
    question.type = RrType::kCname;
    const DnsReply alias = co_await deps_.resolver.Query(question);
    secure = alias.message.ad;
  }
  if (!mx_secure) {
    found.weak = Concat("the MX of ", spec_.target);
  } else if (!secure) {
    found.weak = Concat("the address of ", host);
  } else if (!found.records.empty() && !found.reply.message.ad) {
    found.weak = found.name;
  }
}

Task<void> DnsTlsa::AskFor(std::string base, HostRecords& found) {
  found.base = base;
  found.name = Concat("_25._tcp.", base);
  found.records.clear();
  DnsQuestion question;
  question.name = found.name;
  question.type = RrType::kTlsa;
  found.reply = co_await deps_.resolver.Query(question);
  for (const ResourceRecord& record : found.reply.message.answers) {
    const TlsaRecord* tlsa = std::get_if<TlsaRecord>(&record.value);
    if (tlsa != nullptr && found.records.size() < kMaxRecords) found.records.push_back(*tlsa);
  }
}

// Why there is no answer to work with, where senders would need one. An attacker who wants TLSA
// records out of the way makes the lookup fail; senders therefore wait (RFC 7672 section 2.1.2).
Task<std::optional<Fault>> DnsTlsa::JudgeLookup(const HostRecords& found) {
  if (PresenceOf(found.reply, RrType::kTlsa) != DnsPresence::kFailed || !found.weak.empty()) {
    co_return std::nullopt;
  }
  DnsQuestion question;
  question.name = found.name;
  question.type = RrType::kTlsa;
  std::optional<Fault> fault = co_await JudgeDnsReply(deps_.resolver, question, found.reply);
  if (fault.has_value() && found.reply.transport == DnsTransport::kReplied) {
    fault->detail = Concat("senders that honour DANE defer their mail: ", fault->detail, " (",
                           FailureClassName(fault->klass), ")");
    fault->klass = FailureClass::kDaneLookupServfail;
  }
  co_return fault;
}

// Whether a lack of AD says something of the domain. The root and nearly all top-level domains are
// signed.
Task<bool> DnsTlsa::ResolverValidates() {
  const std::string name = CanonicalName(spec_.target);
  DnsQuestion question;
  question.name = name.substr(name.rfind('.') + 1);
  question.type = RrType::kSoa;
  const DnsReply top = co_await deps_.resolver.Query(question);
  if (top.message.ad) co_return true;
  question.name = ".";
  const DnsReply root = co_await deps_.resolver.Query(question);
  co_return root.message.ad;
}

Task<std::optional<Fault>> DnsTlsa::JudgeHost(const RunContext& context, std::string host,
                                              bool mx_secure, Tally& tally) {
  HostRecords found;
  co_await LookUp(context, host, mx_secure, found);
  std::optional<Fault> unknown = co_await JudgeLookup(found);
  if (unknown.has_value()) co_return unknown;
  if (found.records.empty()) co_return std::nullopt;
  context.run.Fact(Concat("tlsa.", host), Texts(found.records));
  if (!found.weak.empty()) {
    const bool validates = co_await ResolverValidates();
    if (!validates) {
      Fault blind;
      blind.detail = Concat("the resolver ", deps_.resolver.name(),
                            " does not validate DNSSEC: nobody can tell whether the TLSA records "
                            "of ",
                            host, " count");
      co_return blind;
    }
    context.run.Find(FailureClass::kDaneInsecure,
                     Concat("the TLSA records at ", found.name, " are in vain: the answer for ",
                            found.weak, " is not secured by DNSSEC"));
    co_return std::nullopt;
  }
  if (std::ranges::none_of(found.records, IsUsableTlsa)) {
    context.run.Find(FailureClass::kDaneUnusable,
                     Concat("none of the TLSA records at ", found.name, " can be used for mail (",
                            Texts(found.records), "): usage must be 2 or 3"));
    co_return std::nullopt;
  }
  const auto unusable =
      static_cast<size_t>(std::ranges::count_if(found.records, std::not_fn(IsUsableTlsa)));
  if (unusable > 0) context.run.Fact(Concat("tlsa.", host, ".unusable"), Concat(unusable));
  ++tally.published;
  co_return co_await VisitHost(context, host, found, tally);
}

Task<std::optional<Fault>> DnsTlsa::VisitHost(const RunContext& context, std::string host,
                                              const HostRecords& found, Tally& tally) {
  context.run.Touch({std::string(component::kMx), host});
  HostAddresses addresses;
  std::optional<Fault> unresolved =
      co_await ResolveHost(context, host, AddressFamilies::kBoth, addresses);
  std::vector<std::string> ips = addresses.v4;
  ips.insert(ips.end(), addresses.v6.begin(), addresses.v6.end());
  if (!settings_.allow_private) std::erase_if(ips, IsPrivateAddress);
  if (ips.size() > kMaxAddressesOfHost) ips.resize(kMaxAddressesOfHost);
  std::string unseen = unresolved.has_value() ? unresolved->detail : "no public address";
  bool seen = false;
  const TlsEndpoint endpoint{found.base, kSmtpPort, TlsProtocol::kSmtp, true};
  for (const std::string& ip : ips) {
    HostAddresses one;
    (ip.find(':') == ip.npos ? one.v4 : one.v6).push_back(ip);
    const size_t mark = context.run.touched_count();
    const absl::Duration limit = VisitLimit(context, started_);
    const TlsVisit visit = co_await VisitTls(context, endpoint, one, false, limit);
    std::optional<Fault> fault = JudgeVisit(context, host, ip, found, visit);
    if (fault.has_value()) co_return fault;
    if (visit.facts.has_value()) {
      RecordTls(context.run, *visit.facts);
      seen = true;
      continue;
    }
    if (visit.fault->klass == FailureClass::kUnspecified) co_return visit.fault;
    unseen = Concat(ip, ": ", FailureClassName(visit.fault->klass), ": ", visit.fault->detail);
    context.run.Recall(mark);
  }
  if (seen) {
    ++tally.matched;
  } else {
    tally.unseen.push_back(Concat(host, ": ", unseen));
  }
  co_return std::nullopt;
}

// Nothing when it matches, and when nothing was seen that a sender would judge.
std::optional<Fault> DnsTlsa::JudgeVisit(const RunContext& context, const std::string& host,
                                         const std::string& ip, const HostRecords& found,
                                         const TlsVisit& visit) const {
  if (!visit.offered) {
    return Fault{FailureClass::kTlsNotOffered,
                 Concat(host, " at ", ip,
                        " has TLSA records and offers no STARTTLS: senders that "
                        "honour DANE do not deliver there"),
                 std::nullopt};
  }
  if (!visit.facts.has_value()) return std::nullopt;
  std::vector<std::string> names = {found.base, CanonicalName(spec_.target)};
  if (found.base != host) names.push_back(host);
  const std::vector<CertificateFacts>& chain = visit.facts->chain;
  const TlsaVerdict verdict = MatchTlsa(found.records, chain, names, deps_.clock.Now());
  if (verdict.matches) {
    // A key that is to come must be published before it is served (RFC 7671 section 8.1).
    context.run.Fact(Concat("tlsa.", host, ".served"), verdict.why);
    context.run.Fact(Concat("tlsa.", host, ".next"),
                     verdict.others.empty() ? "none: a new key needs a record of its own first"
                                            : Join(verdict.others, ", "));
    return std::nullopt;
  }
  return Fault{
      FailureClass::kTlsDaneMismatch,
      Concat("no TLSA record of ", host, " is of what ", ip, " serves: ", verdict.why,
             "; the served key is 3 1 1 ", chain.empty() ? "" : KeyFingerprint(chain.front())),
      std::nullopt};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsTlsa(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsTlsa, ReadDnsTlsaSettings>(spec, deps);
}

}  // namespace postwatch::agent
