#include "collector/scenario/scenario_topology.h"

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

namespace json = simdjson::dom;

constexpr std::string_view kNeutralZone = "anchorzone";
constexpr double kMaxInterval = 86400;  // seconds

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

// Empty when the key is absent or holds something else.
std::string TextOf(const json::element& object, const char* key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return "";
  return std::string(text);
}

absl::Status ReadInterval(const json::element& object, absl::Duration& interval) {
  double seconds = 0;
  if (object["interval_s"].get(seconds) != simdjson::SUCCESS) return absl::OkStatus();
  if (!(seconds > 0) || seconds > kMaxInterval) {
    return Wrong("'interval_s' is not between 0 and 86400");
  }
  interval = absl::Seconds(seconds);
  return absl::OkStatus();
}

void Add(std::string_view kind, std::string name, std::vector<ComponentRef>& out) {
  if (!name.empty()) out.push_back({std::string(kind), std::move(name)});
}

}  // namespace

absl::Status ScenarioTopology::Read(const json::element& line) {
  int64_t version = 0;
  if (line["v"].get(version) != simdjson::SUCCESS || version != 1) {
    return Wrong("the topology is not of version 1");
  }
  absl::Status read = ReadInterval(line, interval_);
  if (read.ok()) read = ReadAgents(line);
  if (read.ok()) read = ReadProviders(line);
  if (read.ok()) read = ReadChecks(line);
  if (!read.ok()) return read;
  json::array domains;
  if (line["domains"].get(domains) != simdjson::SUCCESS) return absl::OkStatus();
  for (const json::element domain : domains) {
    domains_[TextOf(domain, "id")] = TextOf(domain, "dns_hoster");
  }
  return absl::OkStatus();
}

absl::Status ScenarioTopology::ReadAgents(const json::element& line) {
  json::array agents;
  if (line["agents"].get(agents) != simdjson::SUCCESS) return Wrong("'agents' is missing");
  for (const json::element agent : agents) {
    const std::string id = TextOf(agent, "id");
    if (id.empty()) return Wrong("an agent without 'id'");
    agents_[id] = {.agent = id,
                   .region = TextOf(agent, "region"),
                   .network = TextOf(agent, "isp"),
                   .resolver = TextOf(agent, "resolver")};
  }
  return absl::OkStatus();
}

absl::Status ScenarioTopology::ReadProviders(const json::element& line) {
  json::array list;
  if (line["providers"].get(list) != simdjson::SUCCESS) return Wrong("'providers' is missing");
  for (const json::element entry : list) {
    Provider provider{.dns_hoster = TextOf(entry, "dns_hoster")};
    if (entry["uses_dnsbl"].get(provider.uses_dnsbl) != simdjson::SUCCESS) {
      provider.uses_dnsbl = false;
    }
    json::array sites, hosts;
    if (entry["sites"].get(sites) != simdjson::SUCCESS) return Wrong("a provider without 'sites'");
    for (const json::element site : sites) {
      const std::string id = TextOf(site, "id");
      provider.centre_of_site[id] = TextOf(site, "dc");
      if (site["mx"].get(hosts) != simdjson::SUCCESS) continue;
      for (const json::element host : hosts) {
        std::string_view name;
        if (host.get(name) == simdjson::SUCCESS) provider.site_of_mx[std::string(name)] = id;
      }
    }
    providers_[TextOf(entry, "id")] = std::move(provider);
  }
  return absl::OkStatus();
}

absl::Status ScenarioTopology::ReadChecks(const json::element& line) {
  json::array checks;
  if (line["checks"].get(checks) != simdjson::SUCCESS) return absl::OkStatus();
  plan_.emplace();
  for (const json::element entry : checks) {
    CheckSpec check{.id = TextOf(entry, "id"),
                    .kind = TextOf(entry, "kind"),
                    .target = TextOf(entry, "target"),
                    .provider = TextOf(entry, "provider"),
                    .interval = interval_};
    const std::optional<Leg> leg = ParseLeg(TextOf(entry, "leg"));
    if (check.id.empty() || !leg) return Wrong("a check without 'id' or 'leg'");
    check.leg = *leg;
    if (absl::Status read = ReadInterval(entry, check.interval); !read.ok()) return read;
    plan_->checks.push_back(std::move(check));
  }
  return absl::OkStatus();
}

const Vantage* ScenarioTopology::FindAgent(std::string_view name) const {
  const auto it = agents_.find(name);
  return it == agents_.end() ? nullptr : &it->second;
}

bool ScenarioTopology::Knows(const ResultLine& result) const {
  if (result.leg == Leg::kControl || providers_.contains(result.target)) return true;
  return result.leg == Leg::kDns &&
         (result.target == kNeutralZone || domains_.contains(result.target));
}

std::vector<ComponentRef> ScenarioTopology::Crossed(const ResultLine& result, const Vantage& from,
                                                    bool fetched_by_pop) const {
  Components out;
  Add(component::kAgent, from.agent, out);
  Add(component::kIsp, from.network, out);
  if (result.leg == Leg::kControl) {
    Add(component::kAnchor, std::string(result.target), out);
  } else if (result.leg == Leg::kDns) {
    AddNames(result, from, out);
  } else {
    AddMail(result, from, fetched_by_pop, out);
  }
  return out;
}

void ScenarioTopology::AddNames(const ResultLine& result, const Vantage& from,
                                Components& out) const {
  const std::string target(result.target);
  if (result.check == "dns") Add(component::kResolver, from.resolver, out);
  if (result.target == kNeutralZone) return;
  Add(component::kZone, target, out);
  const auto provider = providers_.find(result.target);
  const auto domain = domains_.find(result.target);
  const std::string hoster = provider != providers_.end() ? provider->second.dns_hoster
                             : domain != domains_.end()   ? domain->second
                                                          : "";
  Add(component::kDnsHoster, hoster, out);
  if (provider == providers_.end()) return;
  // Its own name servers.
  if (hoster.starts_with("self")) Add(component::kProvider, target, out);
  if (result.check == "dnsauth") {
    Add(component::kNameServer, Concat(target, "/", result.endpoint), out);
  }
}

void ScenarioTopology::AddMail(const ResultLine& result, const Vantage& from, bool fetched_by_pop,
                               Components& out) const {
  const std::string target(result.target), endpoint(result.endpoint);
  const auto found = providers_.find(result.target);
  if (found == providers_.end()) return;
  const Provider& provider = found->second;
  Add(component::kPath, Concat(from.network, ">", target), out);
  Add(component::kProvider, target, out);
  const auto mx = provider.site_of_mx.find(endpoint);
  const std::string& site = mx == provider.site_of_mx.end() ? endpoint : mx->second;
  Add(component::kSite, site, out);
  const auto centre = provider.centre_of_site.find(site);
  if (centre != provider.centre_of_site.end()) Add(component::kDataCentre, centre->second, out);
  const bool letter = result.leg == Leg::kDelivery;
  if (letter || result.leg == Leg::kInbound) {
    Add(component::kMx, endpoint, out);
    Add(component::kService, Concat(target, "/smtp"), out);
    Add(component::kCertificate, Concat(target, "/smtp"), out);
    Add(component::kListed, Concat(from.agent, "@", target), out);
    if (provider.uses_dnsbl) Add(component::kBlocklist, from.agent, out);
  }
  if (letter || result.leg == Leg::kAccess) {
    const bool pop = result.check == "pop3" || (letter && fetched_by_pop);
    const std::string_view protocol = pop ? "/pop3" : "/imap";
    Add(component::kService, Concat(target, protocol), out);
    Add(component::kAuth, target, out);
    Add(component::kAccount, Concat(target, "/", result.account), out);
    if (!letter) Add(component::kCertificate, Concat(target, protocol), out);
  }
  if (letter) {
    Add(component::kMailbox, Concat(target, "/", result.account), out);
    Add(component::kQueue, target, out);
  }
}

}  // namespace postwatch::collector
