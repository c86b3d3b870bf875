#include "collector/correlate/same_fault.h"

#include <algorithm>

namespace postwatch::collector {
namespace {

constexpr double kEarlier = 15;  // seconds; a fault is older than its first failure
constexpr double kJoins = 0.3;   // of its failures cross what is already blamed
constexpr double kOutgrows = 0.8;
constexpr double kSameOnset = 90;  // seconds, or a run and a half of its checks

constexpr double kSameOnsetNearby = 45;  // within one provider

bool IsOfNames(Kind kind) {
  return kind == Kind::kZone || kind == Kind::kNameServer || kind == Kind::kDnsHoster;
}

bool IsOfServers(Kind kind) {
  return kind == Kind::kSite || kind == Kind::kMx || kind == Kind::kService ||
         kind == Kind::kProvider || kind == Kind::kDataCentre;
}

// Whether things of the second kind may all depend on one of the first.
bool IsSharedBy(Kind shared, Kind kind) {
  return (shared == Kind::kDnsHoster && IsOfNames(kind)) ||
         (shared == Kind::kDataCentre && IsOfServers(kind));
}

}  // namespace

int Breadth(Kind kind) {
  switch (kind) {
    case Kind::kListed:
    case Kind::kMx:
    case Kind::kNameServer:
    case Kind::kAccount:
      return 1;
    case Kind::kSite:
    case Kind::kBlocklist:
    case Kind::kZone:
    case Kind::kAuth:
      return 2;
    case Kind::kService:
      return 3;
    case Kind::kProvider:
    case Kind::kDnsHoster:
      return 4;
    case Kind::kDataCentre:
      return 5;
    default:
      return 0;
  }
}

bool Accounts(const OpenIncident& open, const Reading& reading, const Catalog& catalog) {
  const auto can = [&](ComponentId id) {
    return catalog.Crosses(reading.route, id) &&
           CanCause(catalog.KindOf(id), reading.plane, reading.family);
  };
  return can(open.component) || std::ranges::any_of(open.also, can);
}

bool TakesOver(const Proposal& proposal, const OpenIncident& old, const View& view) {
  const double since = ToSeconds(old.incident.started) - kEarlier;
  size_t all = 0, shared = 0;
  for (FailureId id = view.log.begin(); id < view.log.end(); ++id) {
    const Reading& reading = view.Failure(id).reading;
    if (reading.began < since || !Accounts(old, reading, view.catalog)) continue;
    ++all;
    if (std::ranges::binary_search(proposal.failures, id)) ++shared;
  }
  return shared > 0 && shared * 2 >= all;
}

bool Joins(const Proposal& proposal, const OpenIncident& open, const View& view) {
  const auto crossing = std::ranges::count_if(proposal.failures, [&](FailureId id) {
    return view.catalog.Crosses(view.Failure(id).reading.route, open.component);
  });
  return static_cast<double>(crossing) >= kJoins * static_cast<double>(proposal.failures.size());
}

bool Outgrows(const Proposal& proposal, const OpenIncident& old, const View& view) {
  const Kind kind = KindOf(proposal.verdict.component.kind);
  if (Breadth(old.kind) == 0 || Breadth(kind) <= Breadth(old.kind)) return false;
  const double since = ToSeconds(old.incident.started) - kEarlier;
  size_t all = 0, within = 0;
  for (FailureId id = view.log.begin(); id < view.log.end(); ++id) {
    const Reading& reading = view.Failure(id).reading;
    if (reading.began < since || !Accounts(old, reading, view.catalog)) continue;
    ++all;
    if (view.catalog.Crosses(reading.route, proposal.component)) ++within;
  }
  return all > 0 && static_cast<double>(within) >= kOutgrows * static_cast<double>(all);
}

bool IsNearby(const Proposal& proposal, const OpenIncident& over) {
  return !proposal.verdict.provider.empty() &&
         proposal.verdict.provider == over.incident.verdict.provider && IsOfServers(over.kind) &&
         IsOfServers(KindOf(proposal.verdict.component.kind));
}

bool SharesOnset(const Proposal& proposal, const OpenIncident& open) {
  const Kind kind = KindOf(proposal.verdict.component.kind);
  const bool shared = IsSharedBy(open.kind, kind) || IsSharedBy(kind, open.kind) ||
                      (IsOfNames(kind) && IsOfNames(open.kind));
  const bool related = IsNearby(proposal, open);
  if (!shared && !related) return false;
  const double at_most = shared ? std::max(kSameOnset, proposal.interval * 1.5) : kSameOnsetNearby;
  // One that is open again began anew.
  const absl::Time onset = open.incident.reopened.value_or(open.incident.started);
  const absl::Duration apart = proposal.started - onset;
  return apart <= absl::Seconds(at_most) && apart >= -absl::Seconds(at_most);
}

}  // namespace postwatch::collector
