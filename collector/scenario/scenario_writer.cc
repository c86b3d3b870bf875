#include "collector/scenario/scenario_writer.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/base/json.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kNoTarget = "control";  // the format wants a name
constexpr absl::Duration kUsualInterval = absl::Seconds(60);

struct ErrorName {
  std::string_view part;  // of a failure class's name
  std::string_view error;
};

// The nearest of the format's names; the first part that is found counts.
constexpr auto kErrors = std::to_array<ErrorName>({
    {"dns_timeout", "dns_timeout"},
    {"dns_nxdomain", "nxdomain"},
    {"dns_nodata", "nxdomain"},
    {"dns_", "servfail"},
    {"cert_expired", "tls_expired"},
    {"tls_", "tls_other"},
    {"refused", "refused"},
    {"reset", "reset"},
    {"closed_early", "reset"},
    {"timeout", "timeout"},
    {"unreachable", "timeout"},
    {"agent_", "timeout"},
    {"mailbox_full", "quota"},
    {"overquota", "quota"},
    {"system_full", "quota"},
    {"auth_result", "not_delivered"},
    {"auth", "auth"},
    {"token", "auth"},
    {"_temp", "temp4xx"},
    {"greylisted", "temp4xx"},
    {"_4xx", "temp4xx"},
    {"smtp_", "policy"},
    {"imap_", "temp4xx"},
    {"pop3_", "temp4xx"},
});
constexpr std::string_view kOtherError = "not_delivered";

std::string_view ErrorOf(FailureClass klass) {
  const std::string_view name = FailureClassName(klass);
  for (const ErrorName& error : kErrors) {
    if (name.find(error.part) != name.npos) return error.error;
  }
  return kOtherError;
}

// The nearest of the format's kinds of check.
std::string_view CheckOf(const Sighting& sighting) {
  switch (sighting.leg) {
    case Leg::kControl:
      return "anchor";
    case Leg::kDns:
    case Leg::kRegistration:
      return "dns";
    case Leg::kInbound:
    case Leg::kSubmission:
      return "smtp";
    case Leg::kAccess:
      return sighting.observation.kind.starts_with("pop3") ? "pop3" : "imap";
    case Leg::kDelivery:
      return "rt";
  }
  return "dns";
}

double Seconds(absl::Time time) { return static_cast<double>(absl::ToUnixMicros(time)) / 1e6; }

void FieldIfAny(std::string_view key, std::string_view value, JsonWriter& json) {
  if (!value.empty()) json.Field(key, value);
}

void WriteAgents(const std::map<std::string, Vantage>& agents, JsonWriter& json) {
  json.Key("agents");
  json.BeginArray();
  for (const auto& [name, vantage] : agents) {
    json.BeginObject();
    json.Field("id", name);
    json.Field("region", vantage.region);
    json.Field("isp", vantage.network);
    json.Field("resolver", vantage.resolver);
    json.EndObject();
  }
  json.EndArray();
}

void WriteChecks(const FleetPlan& plan, JsonWriter& json) {
  json.Key("checks");
  json.BeginArray();
  for (const CheckSpec& check : plan.checks) {
    json.BeginObject();
    json.Field("id", check.id);
    json.Field("kind", check.kind);
    FieldIfAny("target", check.target, json);
    FieldIfAny("provider", check.provider, json);
    json.Field("leg", LegName(check.leg));
    json.Field("interval_s", absl::ToDoubleSeconds(check.interval));
    json.EndObject();
  }
  json.EndArray();
}

absl::Duration ShortestInterval(const FleetPlan& plan) {
  absl::Duration shortest = absl::InfiniteDuration();
  for (const CheckSpec& check : plan.checks) {
    if (check.leg != Leg::kControl) shortest = std::min(shortest, check.interval);
  }
  return shortest == absl::InfiniteDuration() ? kUsualInterval : shortest;
}

}  // namespace

void ScenarioWriter::Add(const Sighting& sighting) {
  const Observation& seen = sighting.observation;
  if (seen.outcome == Outcome::kNotTested) return;
  agents_[sighting.vantage.agent] = sighting.vantage;
  JsonWriter json;
  json.BeginObject();
  json.Field("type", "result");
  json.Field("recv", Seconds(sighting.received));
  json.Field("ts", Seconds(seen.started + seen.took));
  json.Field("agent", sighting.vantage.agent);
  json.Field("seq", static_cast<int64_t>(sighting.sequence));
  json.Field("check", CheckOf(sighting));
  json.Field("target", seen.target.empty() ? kNoTarget : std::string_view(seen.target));
  json.Field("ms", absl::ToDoubleMilliseconds(seen.took));
  json.Field("why", seen.run_request.empty() ? "sched" : "confirm");
  json.Field("outcome", seen.failure ? "fail" : "ok");
  if (seen.failure) json.Field("err", ErrorOf(seen.failure->klass));
  json.Field("id", seen.id);
  json.Field("check_id", seen.check_id);
  json.Field("kind", seen.kind);
  FieldIfAny("provider", sighting.provider, json);
  json.Field("leg", LegName(sighting.leg));
  FieldIfAny("spool", sighting.spool_id, json);
  FieldIfAny("amends", seen.amends, json);
  if (seen.failure) json.Field("class", FailureClassName(seen.failure->klass));
  json.Key("crossed");
  json.BeginArray();
  for (const ComponentRef& component : crossing_(sighting)) json.String(component.Text());
  json.EndArray();
  json.EndObject();
  results_ += json.Take();
  results_ += '\n';
}

std::string ScenarioWriter::Take(const FleetPlan& plan) {
  JsonWriter json;
  json.BeginObject();
  json.Field("type", "topology");
  json.Field("v", 1);
  json.Field("interval_s", absl::ToDoubleSeconds(ShortestInterval(plan)));
  WriteAgents(agents_, json);
  for (const std::string_view key : {"providers", "domains", "anchors"}) {
    json.Key(key);
    json.BeginArray();
    json.EndArray();
  }
  WriteChecks(plan, json);
  json.EndObject();
  std::string text = json.Take();
  text += '\n';
  text += results_;
  agents_.clear();
  results_.clear();
  return text;
}

}  // namespace postwatch::collector
