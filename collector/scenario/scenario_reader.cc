#include "collector/scenario/scenario_reader.h"

#include <simdjson.h>

#include <array>
#include <optional>

#include "common/base/text.h"

namespace postwatch::collector {

namespace json = simdjson::dom;

struct ScenarioReader::Parsed {
  json::parser parser;
  json::element line;
};

// One result line, as written.
struct ScenarioReader::Result {
  double received = 0, ended = 0;  // seconds; `ended` by the agent's clock
  double took = -1;                // seconds, negative when not told
  std::string_view agent, check, target, endpoint, error;
  int64_t sequence = 0, account = -1;
  bool failed = false, confirmation = false;
  FailureClass klass = FailureClass::kUnspecified;
};

namespace {

constexpr std::string_view kNeutralZone = "anchorzone";
constexpr double kMaxSeconds = 1e11;
constexpr int64_t kMaxAccount = 1 << 20;

struct ErrorName {
  std::string_view name;
  FailureClass klass;
  double took;  // seconds it takes to see, where a line does not tell
};

constexpr auto kErrors = std::to_array<ErrorName>({
    {"timeout", FailureClass::kTcpTimeout, 10},
    {"refused", FailureClass::kTcpRefused, 0.3},
    {"reset", FailureClass::kTcpReset, 0.3},
    {"dns_timeout", FailureClass::kDnsTimeout, 5},
    {"servfail", FailureClass::kDnsServfail, 0.3},
    {"nxdomain", FailureClass::kDnsNxdomain, 0.3},
    {"tls_expired", FailureClass::kTlsCertExpired, 0.3},
    {"tls_other", FailureClass::kTlsHandshakeFailed, 0.3},
    {"auth", FailureClass::kImapAuthFailed, 0.3},
    {"quota", FailureClass::kSmtpMailboxFullPerm, 0.3},
    {"policy", FailureClass::kSmtpBlocklistedPerm, 0.3},
    {"temp4xx", FailureClass::kSmtpServerTemp, 0.3},
    {"not_delivered", FailureClass::kDeliveryLost, 90},
});
constexpr double kPassTook = 0.3;

struct CheckName {
  std::string_view name;
  Leg leg;
};

constexpr auto kChecks = std::to_array<CheckName>({
    {"dns", Leg::kDns},
    {"dnsauth", Leg::kDns},
    {"smtp", Leg::kInbound},
    {"imap", Leg::kAccess},
    {"pop3", Leg::kAccess},
    {"rt", Leg::kDelivery},
    {"anchor", Leg::kControl},
});

const ErrorName* FindError(std::string_view name) {
  for (const ErrorName& error : kErrors) {
    if (error.name == name) return &error;
  }
  return nullptr;
}

const CheckName* FindCheck(std::string_view name) {
  for (const CheckName& check : kChecks) {
    if (check.name == name) return &check;
  }
  return nullptr;
}

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

// Leaves `value` as it is when the key is absent or holds something else.
template <class T>
void ReadOptional(const json::element& object, const char* key, T& value) {
  T read{};
  if (object[key].get(read) == simdjson::SUCCESS) value = read;
}

std::string TextOf(const json::element& object, const char* key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return "";
  return std::string(text);
}

absl::Status ReadText(const json::element& object, const char* key, std::string_view& text) {
  if (object[key].get(text) != simdjson::SUCCESS || text.empty()) {
    return Wrong(Concat("'", key, "' is missing or no text"));
  }
  return absl::OkStatus();
}

absl::Status ReadTime(const json::element& object, const char* key, double& seconds) {
  if (object[key].get(seconds) != simdjson::SUCCESS || !(seconds > -kMaxSeconds) ||
      !(seconds < kMaxSeconds)) {
    return Wrong(Concat("'", key, "' is missing or no time in seconds"));
  }
  return absl::OkStatus();
}

absl::Time TimeOf(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

}  // namespace

ScenarioReader::ScenarioReader() : parsed_(std::make_unique<Parsed>()) {}
ScenarioReader::~ScenarioReader() = default;

absl::Status ScenarioReader::Read(const std::string& text, Line& line) {
  line = Line::kNothing;
  if (text.find_first_not_of(" \t\r") == text.npos) return absl::OkStatus();
  const simdjson::error_code error = parsed_->parser.parse(text).get(parsed_->line);
  if (error != simdjson::SUCCESS) {
    return Wrong(Concat("is no JSON: ", std::string_view(simdjson::error_message(error))));
  }
  std::string_view type;
  if (const absl::Status typed = ReadText(parsed_->line, "type", type); !typed.ok()) return typed;
  if (type == "topology") {
    line = Line::kTopology;
    return ReadTopology();
  }
  if (type != "result") return absl::OkStatus();
  if (!has_topology_) return Wrong("a result before the topology");
  Result result;
  if (const absl::Status read = ReadResult(result); !read.ok()) return read;
  line = Line::kResult;
  return Look(result);
}

absl::Status ScenarioReader::ReadTopology() {
  const json::element& line = parsed_->line;
  int64_t version = 0;
  if (line["v"].get(version) != simdjson::SUCCESS || version != 1) {
    return Wrong("the topology is not of version 1");
  }
  double interval = 60;
  ReadOptional(line, "interval_s", interval);
  if (!(interval > 0) || interval > 86400) return Wrong("'interval_s' is not between 0 and 86400");
  interval_ = absl::Seconds(interval);
  json::array list;
  if (line["agents"].get(list) != simdjson::SUCCESS) return Wrong("'agents' is missing");
  for (const json::element agent : list) {
    std::string_view id;
    if (const absl::Status read = ReadText(agent, "id", id); !read.ok()) return read;
    agents_[std::string(id)] = {.agent = std::string(id),
                                .region = TextOf(agent, "region"),
                                .network = TextOf(agent, "isp"),
                                .resolver = TextOf(agent, "resolver")};
  }
  if (const absl::Status read = ReadProvider(); !read.ok()) return read;
  if (line["domains"].get(list) == simdjson::SUCCESS) {
    for (const json::element domain : list) {
      domains_[TextOf(domain, "id")] = TextOf(domain, "dns_hoster");
    }
  }
  has_topology_ = true;
  return absl::OkStatus();
}

absl::Status ScenarioReader::ReadProvider() {
  json::array list;
  if (parsed_->line["providers"].get(list) != simdjson::SUCCESS) {
    return Wrong("'providers' is missing");
  }
  for (const json::element entry : list) {
    Provider provider{.dns_hoster = TextOf(entry, "dns_hoster")};
    ReadOptional(entry, "uses_dnsbl", provider.uses_dnsbl);
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

absl::Status ScenarioReader::ReadResult(Result& result) const {
  const json::element& line = parsed_->line;
  absl::Status read = ReadTime(line, "recv", result.received);
  read.Update(ReadTime(line, "ts", result.ended));
  read.Update(ReadText(line, "agent", result.agent));
  read.Update(ReadText(line, "check", result.check));
  read.Update(ReadText(line, "target", result.target));
  if (!read.ok()) return read;
  if (line["seq"].get(result.sequence) != simdjson::SUCCESS || result.sequence < 0) {
    return Wrong("'seq' is missing or no number");
  }
  std::string_view why, outcome;
  ReadOptional(line, "endpoint", result.endpoint);
  ReadOptional(line, "acct", result.account);
  ReadOptional(line, "why", why);
  if (result.account < -1 || result.account > kMaxAccount) return Wrong("'acct' is out of range");
  result.confirmation = why == "confirm";
  double milliseconds = -1;
  if (line["ms"].get(milliseconds) == simdjson::SUCCESS && milliseconds >= 0 &&
      milliseconds < 1e7) {
    result.took = milliseconds / 1000;
  }
  read = ReadText(line, "outcome", outcome);
  if (!read.ok()) return read;
  if (outcome != "ok" && outcome != "fail") return Wrong("'outcome' is neither ok nor fail");
  result.failed = outcome == "fail";
  if (!result.failed) {
    if (result.took < 0) result.took = kPassTook;
    return absl::OkStatus();
  }
  read = ReadText(line, "err", result.error);
  const ErrorName* error = FindError(result.error);
  if (!read.ok()) return read;
  if (error == nullptr) return Wrong(Concat("'err' is unknown: ", result.error));
  result.klass = error->klass;
  if (result.took < 0) result.took = error->took;
  return absl::OkStatus();
}

// What one agent sees of one endpoint differs from line to line in times and outcome only.
absl::Status ScenarioReader::Look(const Result& result) {
  if (result.check == "pop3") pop_.emplace(result.target);
  if (result.check == "imap") imap_.emplace(result.target);
  key_.clear();
  if (result.check == "rt" && FetchesByPop(std::string(result.target))) key_ = "pop ";
  Append(key_, result.agent, " ", result.check, " ", result.target, " ", result.endpoint, " ",
         result.account);
  auto it = cells_.find(key_);
  if (it == cells_.end()) {
    Sighting sighting;
    if (const absl::Status made = MakeSighting(result, sighting); !made.ok()) return made;
    it = cells_.emplace(key_, std::move(sighting)).first;
  }
  Sighting& sighting = it->second;
  Observation& seen = sighting.observation;
  sighting.received = TimeOf(result.received);
  sighting.sequence = static_cast<uint64_t>(result.sequence);
  seen.started = TimeOf(result.ended - result.took);
  seen.took = absl::Seconds(result.took);
  seen.outcome = result.failed ? Outcome::kFail : Outcome::kPass;
  seen.run_request = result.confirmation ? "confirm" : "";
  seen.failure.reset();
  if (result.failed) {
    seen.failure = Failure{.klass = result.klass};
    seen.id = Concat(result.agent, "#", result.sequence);
  }
  sighting_ = &sighting;
  return absl::OkStatus();
}

absl::Status ScenarioReader::MakeSighting(const Result& result, Sighting& sighting) const {
  const auto agent = agents_.find(result.agent);
  if (agent == agents_.end()) return Wrong(Concat("agent '", result.agent, "' is not declared"));
  const CheckName* check = FindCheck(result.check);
  if (check == nullptr) return Wrong(Concat("'check' is unknown: ", result.check));
  const bool control = check->leg == Leg::kControl || result.target == kNeutralZone;
  const bool known = providers_.contains(result.target) ||
                     (check->leg == Leg::kDns && domains_.contains(result.target));
  if (!control && !known) return Wrong(Concat("target '", result.target, "' is not declared"));
  sighting = {.vantage = agent->second,
              .provider = std::string(result.target),
              .leg = check->leg,
              .crossing_known = true};
  Observation& seen = sighting.observation;
  seen.check_id =
      Concat(result.check, "/", result.target, "/", result.endpoint, "/", result.account);
  seen.kind = std::string(result.check);
  seen.target = std::string(result.target);
  Touch(result, agent->second, sighting);
  return absl::OkStatus();
}

void ScenarioReader::Touch(const Result& result, const Vantage& vantage, Sighting& sighting) const {
  std::vector<ComponentRef>& touched = sighting.observation.touched;
  touched.push_back({std::string(component::kAgent), vantage.agent});
  if (!vantage.network.empty()) {
    touched.push_back({std::string(component::kIsp), vantage.network});
  }
  if (sighting.leg == Leg::kControl) {
    touched.push_back({std::string(component::kAnchor), std::string(result.target)});
  } else if (sighting.leg == Leg::kDns) {
    TouchNames(result, vantage, sighting);
  } else {
    TouchMail(result, vantage, sighting);
  }
}

void ScenarioReader::TouchNames(const Result& result, const Vantage& vantage,
                                Sighting& sighting) const {
  std::vector<ComponentRef>& touched = sighting.observation.touched;
  const std::string target(result.target);
  if (result.check == "dns" && !vantage.resolver.empty()) {
    touched.push_back({std::string(component::kResolver), vantage.resolver});
  }
  if (result.target == kNeutralZone) return;
  touched.push_back({std::string(component::kZone), target});
  const auto provider = providers_.find(result.target);
  const auto domain = domains_.find(result.target);
  const std::string hoster = provider != providers_.end() ? provider->second.dns_hoster
                             : domain != domains_.end()   ? domain->second
                                                          : "";
  if (!hoster.empty()) touched.push_back({std::string(component::kDnsHoster), hoster});
  if (provider == providers_.end()) return;
  // Its own name servers.
  if (hoster.starts_with("self")) touched.push_back({std::string(component::kProvider), target});
  if (result.check == "dnsauth") {
    touched.push_back({std::string(component::kNameServer), Concat(target, "/", result.endpoint)});
  }
}

// Letters are fetched as mailboxes are read there otherwise, by IMAP if by both.
bool ScenarioReader::FetchesByPop(const std::string& target) const {
  return pop_.contains(target) && !imap_.contains(target);
}

void ScenarioReader::TouchMail(const Result& result, const Vantage& vantage,
                               Sighting& sighting) const {
  std::vector<ComponentRef>& touched = sighting.observation.touched;
  const std::string target(result.target), endpoint(result.endpoint);
  const Provider& provider = providers_.find(result.target)->second;
  const auto touch = [&](std::string_view kind, std::string name) {
    if (!name.empty()) touched.push_back({std::string(kind), std::move(name)});
  };
  touch(component::kPath, Concat(vantage.network, ">", target));
  touch(component::kProvider, target);
  const auto mx = provider.site_of_mx.find(endpoint);
  const std::string& site = mx == provider.site_of_mx.end() ? endpoint : mx->second;
  touch(component::kSite, site);
  const auto centre = provider.centre_of_site.find(site);
  if (centre != provider.centre_of_site.end()) touch(component::kDataCentre, centre->second);
  const bool letter = result.check == "rt";
  if (letter || result.check == "smtp") {
    touch(component::kMx, endpoint);
    touch(component::kService, target + "/smtp");
    touch(component::kCertificate, target + "/smtp");
    touch(component::kListed, Concat(vantage.agent, "@", target));
    if (provider.uses_dnsbl) touch(component::kBlocklist, vantage.agent);
  }
  if (letter || result.check != "smtp") {
    const bool pop = result.check == "pop3" || (letter && FetchesByPop(target));
    const std::string_view protocol = pop ? "/pop3" : "/imap";
    touch(component::kService, Concat(target, protocol));
    touch(component::kAuth, target);
    touch(component::kAccount, Concat(target, "/", result.account));
    if (!letter) touch(component::kCertificate, Concat(target, protocol));
  }
  if (letter) {
    touch(component::kMailbox, Concat(target, "/", result.account));
    touch(component::kQueue, target);
  }
}

}  // namespace postwatch::collector
