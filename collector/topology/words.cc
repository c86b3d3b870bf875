#include "collector/topology/words.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMostOthers = 6;

// In order of Kind.
constexpr std::array<std::string_view, kKinds> kWords = {
    "agent",        "network",     "path",       "resolver",    "neutral party",  "listing",
    "blocklisting", "MX host",     "front end",  "service",     "provider",       "data centre",
    "zone",         "name server", "DNS hoster", "certificate", "authentication", "account",
    "mailbox",      "queue",       "other"};

// Two kinds that look alike where there is one of something.
struct Reason {
  Kind a, b;
  std::string_view why, tie;
};

constexpr std::string_view kSame = "nothing can, and nothing need: it is the same decision";
constexpr auto kReasons = std::to_array<Reason>({
    {Kind::kAgent, Kind::kIsp, "one agent on that network", "a second agent on that network"},
    {Kind::kAgent, Kind::kResolver, "one agent asks that resolver",
     "a second agent that asks that resolver"},
    {Kind::kIsp, Kind::kPath, "one provider is watched from that network",
     "control checks, or a second provider"},
    {Kind::kAgent, Kind::kPath, "one provider is watched by one agent on that network",
     "control checks, or a second provider"},
    {Kind::kAuth, Kind::kAccount, "one account there", "a second account there"},
    {Kind::kAccount, Kind::kMailbox, "both are of one account", "another mailbox there"},
    {Kind::kZone, Kind::kDnsHoster, "one zone there is checked",
     "a DNS check of another zone there"},
    {Kind::kZone, Kind::kResolver, "all agents ask one resolver, for one zone",
     "an agent with another resolver"},
    {Kind::kZone, Kind::kNameServer, "one name server is asked", "a check of another name server"},
    {Kind::kService, Kind::kProvider, "one service there is checked",
     "a check of another service there"},
    {Kind::kSite, Kind::kService, "one service is checked there, at one front end",
     "a check of another service there"},
    {Kind::kMx, Kind::kService, "one service is checked there, at one MX host",
     "a check of another service there"},
    {Kind::kSite, Kind::kProvider, "it has one front end", kSame},
    {Kind::kSite, Kind::kDataCentre, "one front end in that data centre",
     "a check of another front end in it"},
    {Kind::kMx, Kind::kSite, "one MX host at that front end, and nothing else",
     "a check of another service there"},
    {Kind::kProvider, Kind::kDataCentre, "all of the provider is in that data centre, and no other",
     kSame},
    {Kind::kListed, Kind::kBlocklist, "one provider that agent hands mail to", "a second provider"},
});

bool Has(const LookAlikes& group, const Catalog& catalog, Kind kind) {
  return std::ranges::any_of(group.members,
                             [&](ComponentId id) { return catalog.KindOf(id) == kind; });
}

bool IsMixed(const LookAlikes& group, const Catalog& catalog) {
  return group.any_real && std::ranges::any_of(group.members, [&](ComponentId id) {
           return IsLocal(catalog.KindOf(id));
         });
}

std::vector<const Reason*> ReasonsOf(const LookAlikes& group, const Catalog& catalog) {
  std::vector<const Reason*> reasons;
  for (const Reason& reason : kReasons) {
    if (Has(group, catalog, reason.a) && Has(group, catalog, reason.b)) reasons.push_back(&reason);
  }
  return reasons;
}

std::string SeenBy(const Reach& reach, const Catalog& catalog) {
  if (reach.agents == 1) return Concat("agent ", catalog.AgentOf(reach.agent).name);
  if (reach.networks == 1) return Concat("network ", catalog.AgentOf(reach.agent).network);
  return Concat(reach.agents, " agents on ", reach.networks, " networks");
}

std::string OthersOf(const LookAlikes& group, const Catalog& catalog) {
  std::vector<std::string> others;
  for (const ComponentId id : group.members) {
    if (id != group.named) others.push_back(catalog.Ref(id).Text());
  }
  const size_t more = others.size() > kMostOthers ? others.size() - kMostOthers : 0;
  others.resize(others.size() - more);
  return more == 0 ? Join(others, " or ") : Concat(Join(others, " or "), " or ", more, " others");
}

}  // namespace

std::string_view KindWords(Kind kind) { return kWords[static_cast<size_t>(kind)]; }

std::string WhenWords(Manners manners) {
  std::vector<std::string_view> words;
  for (size_t m = 0; m < kManners; ++m) {
    const auto manner = static_cast<Manner>(m);
    if ((manners & Bit(manner)) != 0) words.push_back(MannerWords(manner));
  }
  return Join(words, ", ");
}

std::string WhyAlike(const LookAlikes& group, const Coverage& coverage,
                     std::span<const Reach> reaches) {
  const Catalog& catalog = coverage.catalog();
  const std::string seen = SeenBy(reaches[group.members.front()], catalog);
  if (IsMixed(group, catalog)) return Concat("only ", seen, " sees it");
  std::vector<std::string> whys;
  for (const Reason* reason : ReasonsOf(group, catalog)) whys.emplace_back(reason->why);
  if (whys.empty()) return Concat("the same runs of ", seen, " cross all of them");
  return Join(whys, "; ");
}

std::string TieBreaker(const LookAlikes& group, const Catalog& catalog) {
  if (IsMixed(group, catalog)) return "an agent on another network that gets to the same place";
  std::vector<std::string_view> ties;
  for (const Reason* reason : ReasonsOf(group, catalog)) {
    if (reason->tie != kSame && std::ranges::find(ties, reason->tie) == ties.end()) {
      ties.push_back(reason->tie);
    }
  }
  if (ties.empty()) return std::string(kSame);
  return Join(ties, "; ");
}

std::string Consequence(const LookAlikes& group, const Catalog& catalog) {
  const std::string named = catalog.Ref(group.named).Text();
  const std::string others = OthersOf(group, catalog);
  if (!group.any_real) return Concat("It is filed as ", named, "; nobody is paged for either.");
  if (IsLocal(catalog.KindOf(group.named))) {
    return Concat("It is filed as ", named, " and nobody is paged; it may be ", others, ".");
  }
  if (!group.pages) {
    return Concat("It would be ", named, ", but nobody is paged; it may be ", others, ".");
  }
  return Concat("An alert names ", named, "; it may as well be ", others, ".");
}

std::string WhyNeverPaging(ComponentId id, const Coverage& coverage,
                           std::span<const Reach> reaches) {
  if (coverage.spares().contains(id) && reaches[id].whole == 0) {
    return "runs go on to another host when it fails, and pass";
  }
  return Concat("only ", SeenBy(reaches[id], coverage.catalog()), " sees it");
}

}  // namespace postwatch::collector
