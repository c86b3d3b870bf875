#include "collector/correlate/explain.h"

#include <algorithm>
#include <array>

#include "collector/correlate/signature.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

char UpperCase(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// "alpha/imap" -> "IMAP at alpha".
std::string DescribePart(std::string_view name) {
  const size_t slash = name.rfind('/');
  if (slash == name.npos) return std::string(name);
  std::string service(name.substr(slash + 1));
  if (service != "submission") std::ranges::transform(service, service.begin(), UpperCase);
  return Concat(service, " at ", name.substr(0, slash));
}

std::string Capitalized(std::string sentence) {
  if (!sentence.empty()) sentence.front() = UpperCase(sentence.front());
  return sentence;
}

struct Regions {
  std::vector<std::string> failing, healthy, masked;
  size_t all = 0;
};

Regions RegionsOf(const Verdict& verdict) {
  Regions regions;
  regions.all = verdict.scope.size();
  for (const ScopeRow& row : verdict.scope) {
    if (row.failing > 0) {
      regions.failing.push_back(row.region);
    } else if (row.healthy > 0) {
      regions.healthy.push_back(row.region);
    } else if (row.masked > 0) {
      regions.masked.push_back(row.region);
    }
  }
  return regions;
}

std::string ExplainReal(const Verdict& verdict, absl::Time since, bool guarded,
                        const std::vector<ComponentRef>& also) {
  const Regions regions = RegionsOf(verdict);
  std::string text =
      Concat(Describe(verdict.component), " fails: ", FailureClassMeaning(verdict.klass), " (",
             FailureClassName(verdict.klass), "), seen from ", regions.failing.size(), " of ",
             regions.all, regions.all == 1 ? " region (" : " regions (",
             Join(regions.failing, ", "), ") since ", ClockText(since));
  if (!regions.healthy.empty()) Append(text, "; well from ", Join(regions.healthy, ", "));
  if (!regions.masked.empty()) Append(text, "; unknown from ", Join(regions.masked, ", "));
  text += ".";
  if (!also.empty()) {
    std::vector<std::string> parts;
    for (const ComponentRef& part : also) parts.push_back(Describe(part));
    Append(text, " Part of it: ", Join(parts, ", "), ".");
  }
  Append(text, " ", MailLossSentence(verdict, false));
  if (guarded) text += " Single vantage, path not excluded.";
  return text;
}

std::string ExplainLocal(const Verdict& verdict, absl::Time since) {
  const Regions regions = RegionsOf(verdict);
  std::string text = Concat(Describe(verdict.component), ": ", FailureClassMeaning(verdict.klass),
                            " (", FailureClassName(verdict.klass), ") at agent ",
                            Join(verdict.evidence.agents, ", "), " since ", ClockText(since));
  if (regions.healthy.empty()) return text + "; no other vantage sees it. Local, no outage.";
  Append(text, ", while ", Join(regions.healthy, ", "),
         regions.healthy.size() == 1 ? " sees" : " see", " the same checks pass. Local, no outage");
  if (!verdict.provider.empty()) Append(text, " of ", verdict.provider);
  return text + ".";
}

}  // namespace

std::string ClockText(absl::Time time) {
  return absl::FormatTime("%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Describe(const ComponentRef& component) {
  struct Phrase {
    std::string_view kind, before;
  };
  constexpr auto kPhrases = std::to_array<Phrase>({
      {component::kAgent, "agent "},
      {component::kIsp, "network "},
      {component::kPath, "the path "},
      {component::kResolver, "resolver "},
      {component::kMx, "MX host "},
      {component::kSite, "front end "},
      {component::kProvider, "provider "},
      {component::kZone, "DNS zone "},
      {component::kNameServer, "name server "},
      {component::kCertificate, "the certificate of "},
      {component::kAuth, "authentication at "},
      {component::kAccount, "the login of "},
      {component::kMailbox, "the mailbox "},
      {component::kQueue, "delivery at "},
      {component::kListed, "the standing of "},
      {component::kBlocklist, "the blocklist entry of agent "},
      {component::kAnchor, "the neutral party "},
      {component::kDataCentre, "data centre "},
      {component::kDnsHoster, "DNS hoster "},
      {component::kPublished, "what is published, "},
  });
  if (component.kind == component::kService) return DescribePart(component.name);
  for (const Phrase& phrase : kPhrases) {
    if (phrase.kind == component.kind) return Concat(phrase.before, component.name);
  }
  return component.Text();
}

std::string Explain(const Verdict& verdict, absl::Time since, bool guarded,
                    const std::vector<ComponentRef>& also) {
  const bool real = verdict.level == VerdictLevel::kReal;
  return Capitalized(real ? ExplainReal(verdict, since, guarded, also)
                          : ExplainLocal(verdict, since));
}

std::string DecidingObservation(const Verdict& verdict, const ComponentRef& rival) {
  const std::string name = Describe(rival);
  switch (KindOf(rival.kind)) {
    case Kind::kAgent:
    case Kind::kIsp:
      return Concat("whether other targets fail from ", name, " too");
    case Kind::kPath:
    case Kind::kListed:
      return "the same check from another network of the same region";
    case Kind::kResolver:
      return "the same lookup through another resolver, and at the zone's own servers";
    case Kind::kMx:
    case Kind::kSite:
      return Concat("another host or address of ", verdict.provider);
    case Kind::kService:
      return Concat("another run against ", name, " over another host");
    case Kind::kProvider:
      return Concat("whether the other services of ", rival.name, " fail too");
    case Kind::kZone:
    case Kind::kNameServer:
      return "the zone's own servers asked one by one";
    case Kind::kCertificate:
      return "the certificate as another vantage is shown it";
    case Kind::kAuth:
      return Concat("the login of a second account at ", rival.name);
    case Kind::kAccount:
      return Concat(name, " at another service");
    case Kind::kMailbox:
      return Concat("a letter to a second mailbox beside ", rival.name);
    case Kind::kQueue:
      return Concat("a letter to ", rival.name, " over another route");
    case Kind::kAnchor:
      return Concat(name, " as another agent sees it");
    case Kind::kBlocklist:
      return "the same letter from another address";
    case Kind::kDataCentre:
      return Concat("another provider's host in ", name);
    case Kind::kDnsHoster:
      return Concat("another zone at ", name);
    case Kind::kPublished:
      return "the same question to the zone's own servers, or to the registry";
    case Kind::kOther:
      break;
  }
  return "";
}

}  // namespace postwatch::collector
