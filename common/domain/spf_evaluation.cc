#include "common/domain/spf_evaluation.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/domain/ip_bytes.h"
#include "common/domain/remembering_resolver.h"
#include "common/domain/spf_macro.h"
#include "common/domain/spf_record.h"

namespace postwatch {
namespace {

constexpr size_t kMaxMxHosts = 10;   // more is an error (section 4.6.4)
constexpr size_t kMaxPtrNames = 10;  // more are ignored (section 4.6.4)

enum class Match { kYes, kNo, kTempError, kPermError };

bool IsWithinName(std::string_view name, std::string_view domain) {
  return name == domain || (name.size() > domain.size() && name.ends_with(domain) &&
                            name[name.size() - domain.size() - 1] == '.');
}

// One evaluation; its members live in the frame of CheckSpf.
class SpfCheck {
 public:
  SpfCheck(Resolver& resolver, SpfQuery query)
      : resolver_(resolver),
        query_(std::move(query)),
        ip_(IpBytes(query_.ip)),
        family_(ip_.size() == 4 ? RrType::kA : RrType::kAaaa) {}

  // check_host() for `domain`; `path` is how it was come to.
  Task<SpfResult> CheckHost(std::string domain, std::string path);
  SpfVerdict Verdict(SpfResult result) const { return {result, lookups_, void_lookups_, why_}; }

 private:
  Task<std::optional<SpfRecord>> Fetch(const std::string& domain, const std::string& path,
                                       SpfResult& otherwise);
  Task<SpfResult> Evaluate(SpfRecord record, std::string domain, std::string path);
  Task<Match> Try(const SpfTerm& term, std::string domain, std::string path);
  Task<Match> TryNamed(const SpfTerm& term, std::string target, std::string path);
  Task<Match> TryInclude(std::string target, std::string path);
  Task<Match> TryAddresses(const SpfTerm& term, std::string host, std::string path, bool counts);
  Task<Match> TryMx(const SpfTerm& term, std::string target, std::string path);
  Task<Match> TryPtr(std::string target, std::string path);
  Task<Match> TryExists(std::string target, std::string path);
  Task<std::string> Target(std::string spec, std::string domain);
  // The names of the sender's address that lead back to it (section 5.5); `reply` is the answer to
  // the PTR question.
  Task<std::vector<std::string>> ValidatedNames(DnsReply& reply);

  Match Error(Match error, const std::string& path, std::string_view what) {
    why_ = path.empty() ? std::string(what) : Concat(path, ": ", what);
    return error;
  }
  // Of a lookup that found nothing. kNo unless that is one too many.
  Match Void(const std::string& path) {
    if (++void_lookups_ <= kMaxSpfVoidLookups) return Match::kNo;
    return Error(Match::kPermError, path,
                 Concat("more than ", kMaxSpfVoidLookups, " lookups found nothing"));
  }
  // kNo unless this lookup is one too many.
  Match Count(const std::string& path) {
    if (++lookups_ <= kMaxSpfLookups) return Match::kNo;
    return Error(Match::kPermError, path, Concat("more than ", kMaxSpfLookups, " lookups"));
  }

  Resolver& resolver_;
  const SpfQuery query_;
  const std::string ip_;
  const RrType family_;
  int lookups_ = 0;
  int void_lookups_ = 0;
  std::string why_;
};

std::string Step(const std::string& path, std::string_view term) {
  return path.empty() ? std::string(term) : Concat(path, " -> ", term);
}

DnsQuestion Ask(std::string name, RrType type) {
  DnsQuestion question;
  question.name = std::move(name);
  question.type = type;
  return question;
}

// Pass, fail, ...: what a term that matches gives.
SpfResult ResultOf(SpfQualifier qualifier) {
  switch (qualifier) {
    case SpfQualifier::kPass:
      return SpfResult::kPass;
    case SpfQualifier::kFail:
      return SpfResult::kFail;
    case SpfQualifier::kSoftFail:
      return SpfResult::kSoftFail;
    case SpfQualifier::kNeutral:
      return SpfResult::kNeutral;
  }
  return SpfResult::kNeutral;
}

Task<std::optional<SpfRecord>> SpfCheck::Fetch(const std::string& domain, const std::string& path,
                                               SpfResult& otherwise) {
  const DnsQuestion question = Ask(domain, RrType::kTxt);
  const DnsReply reply = co_await resolver_.Query(question);
  if (PresenceOf(reply, RrType::kTxt) == DnsPresence::kFailed) {
    Error(Match::kTempError, path, Concat("TXT ", domain, ": ", AbsenceText(reply, RrType::kTxt)));
    otherwise = SpfResult::kTempError;
    co_return std::nullopt;
  }
  std::vector<std::string> texts = TxtTexts(reply);
  std::erase_if(texts, [](const std::string& text) { return !IsSpfRecord(text); });
  if (texts.empty()) {
    Error(Match::kNo, path, "no SPF record");
    otherwise = SpfResult::kNone;
    co_return std::nullopt;
  }
  otherwise = SpfResult::kPermError;
  if (texts.size() > 1) {
    Error(Match::kPermError, path, Concat(texts.size(), " SPF records"));
    co_return std::nullopt;
  }
  absl::StatusOr<SpfRecord> record = ParseSpfRecord(texts.front());
  if (!record.ok()) {
    Error(Match::kPermError, path, FromAbsl(record.status().message()));
    co_return std::nullopt;
  }
  co_return *std::move(record);
}

Task<SpfResult> SpfCheck::CheckHost(std::string domain, std::string path) {
  SpfResult otherwise = SpfResult::kNone;
  std::optional<SpfRecord> record = co_await Fetch(domain, path, otherwise);
  if (!record.has_value()) co_return otherwise;
  SpfRecord found = *std::move(record);
  co_return co_await Evaluate(std::move(found), std::move(domain), std::move(path));
}

Task<SpfResult> SpfCheck::Evaluate(SpfRecord record, std::string domain, std::string path) {
  for (const SpfTerm& term : record.terms) {
    const std::string here = Step(path, term.text);
    const Match match = co_await Try(term, domain, here);
    if (match == Match::kTempError) co_return SpfResult::kTempError;
    if (match == Match::kPermError) co_return SpfResult::kPermError;
    if (match == Match::kNo) continue;
    // What an include matched by is told by the include itself.
    if (term.mechanism != SpfMechanism::kInclude) why_ = here;
    co_return ResultOf(term.qualifier);
  }
  if (record.redirect.empty()) {
    Error(Match::kNo, path, "no term matches");
    co_return SpfResult::kNeutral;
  }
  const std::string here = Step(path, Concat("redirect=", record.redirect));
  if (Count(here) != Match::kNo) co_return SpfResult::kPermError;
  std::string target = co_await Target(record.redirect, domain);
  const SpfResult result = co_await CheckHost(target, here);
  co_return result == SpfResult::kNone ? SpfResult::kPermError : result;
}

Task<Match> SpfCheck::Try(const SpfTerm& term, std::string domain, std::string path) {
  if (term.mechanism == SpfMechanism::kAll) co_return Match::kYes;
  if (!term.needs_lookup()) {
    const int bits = term.mechanism == SpfMechanism::kIp4 ? term.v4_bits : term.v6_bits;
    co_return SharesPrefix(ip_, term.network, bits) ? Match::kYes : Match::kNo;
  }
  const Match counted = Count(path);
  if (counted != Match::kNo) co_return counted;
  std::string target = domain;
  if (!term.domain.empty()) target = co_await Target(term.domain, domain);
  co_return co_await TryNamed(term, std::move(target), std::move(path));
}

Task<Match> SpfCheck::TryNamed(const SpfTerm& term, std::string target, std::string path) {
  switch (term.mechanism) {
    case SpfMechanism::kInclude:
      co_return co_await TryInclude(std::move(target), std::move(path));
    case SpfMechanism::kA:
      co_return co_await TryAddresses(term, std::move(target), std::move(path), true);
    case SpfMechanism::kMx:
      co_return co_await TryMx(term, std::move(target), std::move(path));
    case SpfMechanism::kPtr:
      co_return co_await TryPtr(std::move(target), std::move(path));
    default:
      co_return co_await TryExists(std::move(target), std::move(path));
  }
}

// Section 5.2.
Task<Match> SpfCheck::TryInclude(std::string target, std::string path) {
  const SpfResult result = co_await CheckHost(std::move(target), std::move(path));
  switch (result) {
    case SpfResult::kPass:
      co_return Match::kYes;
    case SpfResult::kTempError:
      co_return Match::kTempError;
    case SpfResult::kPermError:
    case SpfResult::kNone:
      co_return Match::kPermError;
    default:
      co_return Match::kNo;
  }
}

// Section 5.3. `counts`: whether finding none is a void lookup; the limit is on terms, and an MX
// host's addresses are no term.
Task<Match> SpfCheck::TryAddresses(const SpfTerm& term, std::string host, std::string path,
                                   bool counts) {
  const AddressLookup lookup = co_await LookUpAddresses(resolver_, host, family_);
  for (const std::string& address : lookup.addresses) {
    const int bits = family_ == RrType::kA ? term.v4_bits : term.v6_bits;
    if (SharesPrefix(ip_, IpBytes(address), bits)) co_return Match::kYes;
  }
  if (!lookup.addresses.empty()) co_return Match::kNo;
  if (PresenceOf(lookup.reply, family_) == DnsPresence::kFailed) {
    co_return Error(
        Match::kTempError, path,
        Concat(RrTypeText(family_), " ", host, ": ", AbsenceText(lookup.reply, family_)));
  }
  co_return counts ? Void(path) : Match::kNo;
}

// Section 5.4.
Task<Match> SpfCheck::TryMx(const SpfTerm& term, std::string target, std::string path) {
  const DnsQuestion question = Ask(target, RrType::kMx);
  const DnsReply reply = co_await resolver_.Query(question);
  const DnsPresence presence = PresenceOf(reply, RrType::kMx);
  if (presence == DnsPresence::kFailed) {
    co_return Error(Match::kTempError, path,
                    Concat("MX ", target, ": ", AbsenceText(reply, RrType::kMx)));
  }
  if (presence == DnsPresence::kAbsent) co_return Void(path);
  std::vector<std::string> hosts;
  for (const ResourceRecord& record : reply.message.answers) {
    const MxRecord* mx = std::get_if<MxRecord>(&record.value);
    if (mx != nullptr && mx->host != ".") hosts.push_back(mx->host);
  }
  if (hosts.size() > kMaxMxHosts) {
    co_return Error(Match::kPermError, path,
                    Concat(target, " has ", hosts.size(), " MX hosts, more than ", kMaxMxHosts));
  }
  for (const std::string& host : hosts) {
    const Match match = co_await TryAddresses(term, host, path, false);
    if (match != Match::kNo) co_return match;
  }
  co_return Match::kNo;
}

Task<std::vector<std::string>> SpfCheck::ValidatedNames(DnsReply& reply) {
  const DnsQuestion question = Ask(ReverseName(ip_), RrType::kPtr);
  reply = co_await resolver_.Query(question);
  std::vector<std::string> names;
  for (const ResourceRecord& record : reply.message.answers) {
    const NameRecord* name = std::get_if<NameRecord>(&record.value);
    if (record.type == RrType::kPtr && name != nullptr) names.push_back(CanonicalName(name->name));
  }
  if (names.size() > kMaxPtrNames) names.resize(kMaxPtrNames);
  std::vector<std::string> validated;
  for (const std::string& name : names) {
    const AddressLookup lookup = co_await LookUpAddresses(resolver_, name, family_);
    const bool back = std::ranges::any_of(
        lookup.addresses, [this](const std::string& address) { return IpBytes(address) == ip_; });
    if (back) validated.push_back(name);
  }
  co_return validated;
}

// Section 5.5: a lookup that fails does not match.
Task<Match> SpfCheck::TryPtr(std::string target, std::string path) {
  DnsReply reply;
  const std::vector<std::string> names = co_await ValidatedNames(reply);
  const std::string domain = CanonicalName(target);
  const bool within = std::ranges::any_of(
      names, [&domain](const std::string& name) { return IsWithinName(name, domain); });
  if (within) co_return Match::kYes;
  co_return PresenceOf(reply, RrType::kPtr) == DnsPresence::kAbsent ? Void(path) : Match::kNo;
}

// Section 5.7: an A record, whatever the family of the sender's address.
Task<Match> SpfCheck::TryExists(std::string target, std::string path) {
  const AddressLookup lookup = co_await LookUpAddresses(resolver_, target, RrType::kA);
  if (!lookup.addresses.empty()) co_return Match::kYes;
  if (PresenceOf(lookup.reply, RrType::kA) == DnsPresence::kFailed) {
    co_return Error(Match::kTempError, path,
                    Concat("A ", target, ": ", AbsenceText(lookup.reply, RrType::kA)));
  }
  co_return Void(path);
}

Task<std::string> SpfCheck::Target(std::string spec, std::string domain) {
  SpfMacroValues values;
  values.sender = query_.sender.empty() ? Concat("postmaster@", query_.domain) : query_.sender;
  values.domain = domain;
  values.ip = query_.ip;
  values.helo = query_.helo.empty() ? query_.domain : query_.helo;
  if (NamesValidated(spec)) {
    DnsReply reply;
    const std::vector<std::string> names = co_await ValidatedNames(reply);
    const std::string own = CanonicalName(domain);
    // Section 7.3: the domain itself, else a name below it, else any.
    auto best = std::ranges::find(names, own);
    if (best == names.end()) {
      best = std::ranges::find_if(names, [&](const auto& name) { return IsWithinName(name, own); });
    }
    if (best == names.end()) best = names.begin();
    if (best != names.end()) values.validated = *best;
  }
  co_return ExpandSpfMacros(spec, values);
}

struct ResultName {
  SpfResult result;
  std::string_view name;
};
constexpr auto kResultNames = std::to_array<ResultName>({
    {SpfResult::kNone, "none"},
    {SpfResult::kNeutral, "neutral"},
    {SpfResult::kPass, "pass"},
    {SpfResult::kFail, "fail"},
    {SpfResult::kSoftFail, "softfail"},
    {SpfResult::kTempError, "temperror"},
    {SpfResult::kPermError, "permerror"},
});

}  // namespace

std::string_view SpfResultName(SpfResult result) {
  return std::ranges::find(kResultNames, result, &ResultName::result)->name;
}

Task<SpfVerdict> CheckSpf(Resolver& resolver, SpfQuery query) {
  std::string domain = query.domain;
  SpfCheck check(resolver, std::move(query));
  const SpfResult result = co_await check.CheckHost(std::move(domain), "");
  co_return check.Verdict(result);
}

}  // namespace postwatch
