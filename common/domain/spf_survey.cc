#include "common/domain/spf_survey.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/domain/remembering_resolver.h"
#include "common/domain/spf_macro.h"

namespace postwatch {
namespace {

constexpr int kMaxLookups = 40;
constexpr size_t kMaxMxHosts = 10;  // RFC 7208 section 4.6.4
// A network of half the Internet is as good as all of it: 0.0.0.0/1 comes with 128.0.0.0/1.
constexpr int kEverybodyBits = 1;

std::string Step(const std::string& path, std::string_view term) {
  return path.empty() ? std::string(term) : Concat(path, " -> ", term);
}

bool PassesEverybody(const SpfTerm& term) {
  switch (term.mechanism) {
    case SpfMechanism::kAll:
      return true;
    case SpfMechanism::kIp4:
      return term.v4_bits <= kEverybodyBits;
    case SpfMechanism::kIp6:
      return term.v6_bits <= kEverybodyBits;
    case SpfMechanism::kA:
    case SpfMechanism::kMx:
      return term.v4_bits <= kEverybodyBits || term.v6_bits <= kEverybodyBits;
    default:
      return false;
  }
}

class Surveyor {
 public:
  explicit Surveyor(Resolver& resolver) : resolver_(resolver) {}

  // `grants`: whether a pass here is one for the domain. `above`: the domains on the way here.
  Task<void> Go(SpfRecord record, std::vector<std::string> above, std::string path, bool grants);
  SpfSurvey Take() { return std::move(survey_); }

 private:
  Task<void> Visit(const SpfTerm& term, std::vector<std::string> above, std::string path,
                   bool grants);
  Task<void> Follow(std::string domain, std::vector<std::string> above, std::string path,
                    bool grants);
  Task<void> VisitMx(std::string domain, std::string path);
  Task<void> VisitAddresses(std::string domain, std::string path);

  // False when that was one too many.
  bool Count() {
    if (++survey_.lookups >= kMaxLookups) survey_.complete = false;
    return survey_.complete;
  }
  void Note(SpfProblem::Kind kind, const std::string& path, std::string_view what) {
    survey_.problems.push_back({kind, Concat(path, ": ", what), {}, {}});
  }
  // Notes a lookup that failed. No answer at all is waited for once only.
  void NoteFailure(const std::string& path, const DnsQuestion& question, const DnsReply& reply) {
    if (reply.transport != DnsTransport::kReplied) survey_.complete = false;
    survey_.problems.push_back({SpfProblem::Kind::kLookupFailed, path, question, reply});
  }

  Resolver& resolver_;
  SpfSurvey survey_;
};

std::string TargetOf(const std::string& spec, const std::string& domain) {
  if (spec.empty()) return domain;
  SpfMacroValues values;
  values.domain = domain;
  return ExpandSpfMacros(spec, values);
}

Task<void> Surveyor::Go(SpfRecord record, std::vector<std::string> above, std::string path,
                        bool grants) {
  const size_t end = record.end();
  for (size_t i = 0; i < record.terms.size() && i <= end && survey_.complete; ++i) {
    const SpfTerm& term = record.terms[i];
    const std::string here = Step(path, term.text);
    const bool passes = grants && term.qualifier == SpfQualifier::kPass;
    if (passes && PassesEverybody(term)) {
      Note(SpfProblem::Kind::kPassAll, here, "everybody may send");
    }
    if (!term.needs_lookup()) continue;
    if (!Count() || DependsOnSender(term.domain)) continue;
    co_await Visit(term, above, here, passes);
  }
  const bool redirected = end == record.terms.size() && !record.redirect.empty();
  if (!redirected || !survey_.complete || !Count() || DependsOnSender(record.redirect)) co_return;
  std::string target = TargetOf(record.redirect, above.back());
  std::string here = Step(path, Concat("redirect=", record.redirect));
  co_await Follow(std::move(target), std::move(above), std::move(here), grants);
}

Task<void> Surveyor::Visit(const SpfTerm& term, std::vector<std::string> above, std::string path,
                           bool grants) {
  std::string target = TargetOf(term.domain, above.back());
  if (term.mechanism == SpfMechanism::kInclude) {
    co_await Follow(std::move(target), std::move(above), std::move(path), grants);
  } else if (term.mechanism == SpfMechanism::kMx) {
    co_await VisitMx(std::move(target), std::move(path));
  } else if (term.mechanism != SpfMechanism::kPtr) {
    co_await VisitAddresses(std::move(target), std::move(path));
  }
}

Task<void> Surveyor::Follow(std::string domain, std::vector<std::string> above, std::string path,
                            bool grants) {
  const std::string name = CanonicalName(domain);
  if (std::ranges::find(above, name) != above.end()) {
    Note(SpfProblem::Kind::kIncludeBroken, path, Concat(name, " leads back to itself"));
    co_return;
  }
  DnsQuestion question;
  question.name = name;
  question.type = RrType::kTxt;
  const DnsReply reply = co_await resolver_.Query(question);
  if (PresenceOf(reply, RrType::kTxt) == DnsPresence::kFailed) {
    NoteFailure(path, question, reply);
    co_return;
  }
  std::vector<std::string> texts = TxtTexts(reply);
  std::erase_if(texts, [](const std::string& text) { return !IsSpfRecord(text); });
  if (texts.size() != 1) {
    const bool gone = reply.message.rcode == Rcode::kNxDomain;
    Note(SpfProblem::Kind::kIncludeBroken, path,
         texts.size() > 1 ? Concat(texts.size(), " SPF records")
                          : Concat("no SPF record", gone ? " (NXDOMAIN)" : ""));
    co_return;
  }
  absl::StatusOr<SpfRecord> record = ParseSpfRecord(texts.front());
  if (!record.ok()) {
    Note(SpfProblem::Kind::kIncludeBroken, path, FromAbsl(record.status().message()));
    co_return;
  }
  SpfRecord found = *std::move(record);
  above.push_back(name);
  co_await Go(std::move(found), std::move(above), std::move(path), grants);
}

Task<void> Surveyor::VisitMx(std::string domain, std::string path) {
  DnsQuestion question;
  question.name = std::move(domain);
  question.type = RrType::kMx;
  const DnsReply reply = co_await resolver_.Query(question);
  switch (PresenceOf(reply, RrType::kMx)) {
    case DnsPresence::kFailed:
      NoteFailure(path, question, reply);
      break;
    case DnsPresence::kAbsent:
      survey_.void_terms.push_back(path);
      break;
    case DnsPresence::kFound: {
      const auto hosts =
          std::ranges::count(reply.message.answers, RrType::kMx, &ResourceRecord::type);
      if (static_cast<size_t>(hosts) <= kMaxMxHosts) break;
      Note(SpfProblem::Kind::kTooManyMx, path,
           Concat(question.name, " has ", hosts, " MX hosts, more than ", kMaxMxHosts));
      break;
    }
  }
}

// A name with an address of the other family only is void for senders of the one; that is nothing
// to mend.
Task<void> Surveyor::VisitAddresses(std::string domain, std::string path) {
  DnsQuestion question;
  question.name = std::move(domain);
  for (const RrType family : {RrType::kA, RrType::kAaaa}) {
    question.type = family;
    const AddressLookup lookup = co_await LookUpAddresses(resolver_, question.name, family);
    if (!lookup.addresses.empty()) co_return;
    if (PresenceOf(lookup.reply, family) != DnsPresence::kFailed) continue;
    NoteFailure(path, question, lookup.reply);
    co_return;
  }
  survey_.void_terms.push_back(path);
}

}  // namespace

Task<SpfSurvey> SurveySpf(Resolver& resolver, std::string domain, SpfRecord record) {
  Surveyor surveyor(resolver);
  std::vector<std::string> above;
  above.push_back(CanonicalName(domain));
  co_await surveyor.Go(std::move(record), std::move(above), "", true);
  co_return surveyor.Take();
}

}  // namespace postwatch
