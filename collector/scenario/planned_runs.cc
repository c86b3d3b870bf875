#include "collector/scenario/planned_runs.h"

#include <simdjson.h>

#include <algorithm>

#include "common/base/json.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

namespace json = simdjson::dom;

constexpr double kUsualInterval = 60;  // seconds
constexpr double kLettersEvery = 3;    // intervals
constexpr int64_t kMostAccounts = 100;

using Names = std::vector<std::string_view>;

Names NamesOf(const json::element& object, const char* key) {
  Names names;
  json::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return names;
  for (const json::element element : array) {
    std::string_view name;
    if (element.get(name) == simdjson::SUCCESS) names.push_back(name);
  }
  return names;
}

std::string_view NameOf(const json::element& object, std::string_view key) {
  std::string_view name;
  return object[key].get(name) == simdjson::SUCCESS ? name : std::string_view();
}

std::vector<json::element> ListOf(const json::element& object, const char* key) {
  json::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return {};
  return {array.begin(), array.end()};
}

class Planner {
 public:
  Planner(double interval, const std::function<void(const PlannedRun&)>& take)
      : per_minute_(60 / interval), take_(take) {}

  void PlanAgent(std::string_view agent, std::string_view region, const json::element& topology) {
    agent_ = agent;
    for (const json::element& provider : ListOf(topology, "providers")) {
      PlanProvider(provider, region);
    }
    for (const json::element& domain : ListOf(topology, "domains")) {
      Add("dns", NameOf(domain, "id"), "", -1, 1);
    }
    const Names anchors = NamesOf(topology, "anchors");
    for (const std::string_view anchor : anchors) Add("anchor", anchor, "", -1, 1);
    if (!anchors.empty()) Add("dns", "anchorzone", "", -1, 1);
  }

 private:
  void PlanProvider(const json::element& provider, std::string_view region) {
    const std::string_view id = NameOf(provider, "id");
    Add("dns", id, "", -1, 1);
    const size_t servers = NamesOf(provider, "ns").size();
    for (size_t k = 0; k < servers; ++k) {
      Add("dnsauth", id, Concat(k), -1, 1 / static_cast<double>(servers));
    }
    int64_t accounts = 1;
    if (provider["accounts"].get(accounts) != simdjson::SUCCESS) accounts = 1;
    accounts = std::clamp<int64_t>(accounts, 0, kMostAccounts);
    std::string_view nearest;
    if (json::element sites; provider["region_site"].get(sites) == simdjson::SUCCESS) {
      nearest = NameOf(sites, region);
    }
    for (const json::element& site : ListOf(provider, "sites")) {
      const std::string_view site_id = NameOf(site, "id");
      if (!nearest.empty() && site_id != nearest) continue;
      PlanSite(id, site_id, NamesOf(site, "mx"), accounts);
      return;
    }
  }

  void PlanSite(std::string_view provider, std::string_view site, const Names& hosts,
                int64_t accounts) {
    const auto of_hosts = static_cast<double>(hosts.size());
    const auto of_accounts = static_cast<double>(accounts);
    for (const std::string_view host : hosts) {
      Add("smtp", provider, std::string(host), -1, 1 / of_hosts);
      for (int64_t k = 0; k < accounts; ++k) {
        Add("rt", provider, std::string(host), k, 1 / (kLettersEvery * of_hosts * of_accounts));
      }
    }
    for (int64_t k = 0; k < accounts; ++k) {
      Add("imap", provider, std::string(site), k, 1 / of_accounts);
    }
  }

  // `share` of the runs that come once an interval.
  void Add(std::string_view check, std::string_view target, const std::string& endpoint,
           int64_t account, double share) {
    if (target.empty()) return;
    JsonWriter line;
    line.BeginObject();
    line.Field("type", "result");
    line.Field("recv", 0.0);
    line.Field("ts", 0.0);
    line.Field("agent", agent_);
    line.Field("seq", sequence_++);
    line.Field("check", check);
    line.Field("target", target);
    if (!endpoint.empty()) line.Field("endpoint", endpoint);
    if (account >= 0) line.Field("acct", account);
    line.Field("outcome", "ok");
    line.EndObject();
    take_({line.Take(), per_minute_ * share});
  }

  double per_minute_;
  std::string_view agent_;
  const std::function<void(const PlannedRun&)>& take_;
  int64_t sequence_ = 0;
};

}  // namespace

absl::Status PlanRuns(std::string_view topology,
                      const std::function<void(const PlannedRun&)>& take) {
  json::parser parser;
  json::element line;
  if (parser.parse(topology.data(), topology.size()).get(line) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("the topology is no JSON");
  }
  double interval = kUsualInterval;
  if (line["interval_s"].get(interval) != simdjson::SUCCESS || !(interval > 0)) {
    interval = kUsualInterval;
  }
  Planner planner(interval, take);
  for (const json::element& agent : ListOf(line, "agents")) {
    planner.PlanAgent(NameOf(agent, "id"), NameOf(agent, "region"), line);
  }
  return absl::OkStatus();
}

}  // namespace postwatch::collector
