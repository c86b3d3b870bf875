#include "collector/correlate/crossing.h"

#include <algorithm>
#include <set>

#include "collector/correlate/signature.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

using Components = std::vector<ComponentRef>;

bool IsMailLeg(Leg leg) {
  return leg == Leg::kInbound || leg == Leg::kSubmission || leg == Leg::kAccess ||
         leg == Leg::kDelivery;
}

bool Has(const Components& components, std::string_view kind) {
  return std::ranges::any_of(components, [&](const ComponentRef& c) { return c.kind == kind; });
}

const ComponentRef* Last(const Components& components, std::string_view kind) {
  const ComponentRef* found = nullptr;
  for (const ComponentRef& c : components) {
    if (c.kind == kind) found = &c;
  }
  return found;
}

// What a failed run was busy with: the last service and host it turned to, and what it touched
// after that.
Components InUse(const Components& touched) {
  size_t turn = 0;
  for (size_t i = 0; i < touched.size(); ++i) {
    if (touched[i].kind == component::kService || touched[i].kind == component::kMx) turn = i;
  }
  const Components after(touched.begin() + static_cast<ptrdiff_t>(turn), touched.end());
  const ComponentRef* service = Last(touched, component::kService);
  const ComponentRef* mx = Last(touched, component::kMx);
  Components in_use;
  for (size_t i = 0; i < touched.size(); ++i) {
    const ComponentRef& c = touched[i];
    if (c.kind == component::kService && &c != service) continue;
    if (c.kind == component::kMx && &c != mx) continue;
    const bool of_a_host = c.kind == component::kSite || c.kind == component::kCertificate;
    // A host that serves two protocols is touched once, before the turn.
    if (of_a_host && i < turn && Has(after, c.kind)) continue;
    in_use.push_back(c);
  }
  return in_use;
}

std::string ServiceName(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  switch (sighting.leg) {
    case Leg::kInbound:
      return "smtp";
    case Leg::kSubmission:
      return "submission";
    case Leg::kAccess:
      return seen.kind.starts_with("pop3") ? "pop3" : "imap";
    default:
      break;
  }
  if (sighting.leg != Leg::kDelivery || !seen.failure) return "";
  const std::string_view klass = FailureClassName(seen.failure->klass);
  const std::string& step = seen.failure->step;
  if (klass.starts_with("imap_") || ContainsIgnoreCase(step, "imap")) return "imap";
  if (klass.starts_with("pop3_") || ContainsIgnoreCase(step, "pop3")) return "pop3";
  if (klass.starts_with("smtp_") || ContainsIgnoreCase(step, "submi")) return "submission";
  return "";
}

void AddVantage(const Sighting& sighting, Family family, Components& out) {
  const Vantage& from = sighting.vantage;
  out.push_back({std::string(component::kAgent), from.agent});
  if (!from.network.empty()) out.push_back({std::string(component::kIsp), from.network});
  const bool looked_up = family == Family::kLookupSilent || family == Family::kLookupFailed;
  // A name server that is asked directly needs no resolver.
  const bool resolves =
      (sighting.leg == Leg::kDns && !Has(out, component::kNameServer)) || looked_up;
  if (resolves && !from.resolver.empty() && !Has(out, component::kResolver)) {
    out.push_back({std::string(component::kResolver), from.resolver});
  }
}

void AddService(const Sighting& sighting, const std::string& provider, Family family,
                Components& out) {
  const Vantage& from = sighting.vantage;
  const std::string& network = from.network.empty() ? from.agent : from.network;
  out.push_back({std::string(component::kProvider), provider});
  out.push_back({std::string(component::kPath), Concat(network, ">", provider)});
  // Who logs in may hand in mail from a listed address: that it works tells nothing.
  const bool judged = sighting.leg == Leg::kInbound || family == Family::kReputation;
  if (judged && sighting.leg != Leg::kAccess) {
    out.push_back({std::string(component::kListed), Concat(from.agent, "@", provider)});
  }
  const std::string service = ServiceName(sighting);
  if (!service.empty() && !Has(out, component::kService)) {
    out.push_back({std::string(component::kService), Concat(provider, "/", service)});
  }
  if (sighting.leg == Leg::kDelivery) out.push_back({std::string(component::kQueue), provider});
}

// A check of what the domain says, which may be wrong while all of it works: other checks of the
// zone, which pass, say nothing about that. That names can be found at all is dns.mx's.
bool JudgesWhatIsPublished(const Sighting& sighting) {
  const std::string& kind = sighting.observation.kind;
  return (kind.starts_with("dns.") && kind != "dns.mx") || sighting.leg == Leg::kRegistration ||
         kind == "smtp.relay";
}

// What the failure itself names although the probe did not.
void AddNamed(const Sighting& sighting, const std::string& provider, Family family,
              Components& out) {
  const std::string& target = sighting.observation.target;
  const bool login = family == Family::kLogin || family == Family::kLoginTemp;
  if ((login || Has(out, component::kAccount)) && !Has(out, component::kAuth)) {
    out.push_back({std::string(component::kAuth), provider});
  }
  const bool accepted = sighting.leg == Leg::kInbound && family == Family::kNone;
  const bool stored = family == Family::kMailbox || family == Family::kStore ||
                      family == Family::kRecipient || accepted || sighting.leg == Leg::kDelivery;
  if (stored && !Has(out, component::kMailbox)) {
    const ComponentRef* account = Last(out, component::kAccount);
    out.push_back({std::string(component::kMailbox), account == nullptr ? target : account->name});
  }
  if (family == Family::kCertificate && !Has(out, component::kCertificate)) {
    const ComponentRef* mx = Last(out, component::kMx);
    out.push_back({std::string(component::kCertificate), mx == nullptr ? target : mx->name});
  }
}

}  // namespace

std::string ProviderOf(const Sighting& sighting) {
  return sighting.provider.empty() ? sighting.observation.target : sighting.provider;
}

std::vector<ComponentRef> CrossedBy(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  if (sighting.crossing_known) return seen.touched;
  const Family family = seen.failure ? FamilyOf(seen.failure->klass) : Family::kNone;
  Components out = seen.outcome == Outcome::kFail ? InUse(seen.touched) : seen.touched;
  AddVantage(sighting, family, out);
  if (sighting.leg != Leg::kControl) {
    const std::string provider = ProviderOf(sighting);
    if (IsMailLeg(sighting.leg)) {
      AddService(sighting, provider, family, out);
      AddNamed(sighting, provider, family, out);
    }
    const bool names = sighting.leg == Leg::kDns || family == Family::kLookupSilent ||
                       family == Family::kLookupFailed || family == Family::kRecords;
    if (names && !Has(out, component::kZone)) {
      out.push_back({std::string(component::kZone), seen.target});
    }
  }
  if (JudgesWhatIsPublished(sighting)) {
    out.push_back({std::string(component::kPublished), Concat(seen.target, "/", seen.kind)});
  }
  const std::set<ComponentRef> unique(out.begin(), out.end());
  return {unique.begin(), unique.end()};
}

}  // namespace postwatch::collector
