#include "collector/scenario/incident_lines.h"

#include <array>
#include <cmath>
#include <string_view>

#include "common/base/json.h"

namespace postwatch::collector {
namespace {

constexpr size_t kMaxTold = 1000;  // before what is over for long is forgotten
constexpr absl::Duration kRemembered = absl::Hours(24);

struct FaultName {
  std::string_view kind, fault;
};

// What the format calls a fault of each kind of component.
constexpr auto kFaults = std::to_array<FaultName>({
    {component::kAgent, "agent_fault"},
    {component::kIsp, "isp_fault"},
    {component::kPath, "path_fault"},
    {component::kResolver, "resolver_fault"},
    {component::kAnchor, "anchor_fault"},
    {component::kListed, "ip_blacklisted"},
    {component::kBlocklist, "ip_blacklisted"},
    {component::kMx, "mx_down"},
    {component::kSite, "site_down"},
    {component::kService, "service_down"},
    {component::kProvider, "provider_down"},
    {component::kDataCentre, "shared_dc_down"},
    {component::kZone, "dns_zone_broken"},
    {component::kNameServer, "ns_down"},
    {component::kDnsHoster, "dns_hoster_down"},
    {component::kCertificate, "cert_expired"},
    {component::kAuth, "auth_failure"},
    {component::kAccount, "account_auth"},
    {component::kMailbox, "quota_full"},
    {component::kQueue, "delivery_delay"},
    {component::kPublished, "misconfigured"},
});

std::string_view FaultOf(const ComponentRef& component) {
  for (const FaultName& name : kFaults) {
    if (name.kind == component.kind) return name.fault;
  }
  return "unknown";
}

double Seconds(absl::Time time) {
  return std::round(absl::ToDoubleSeconds(time - absl::UnixEpoch()) * 1000) / 1000;
}

double Rounded(double value) { return std::round(value * 10000) / 10000; }

void WriteEvidence(const Verdict& verdict, JsonWriter& json) {
  json.Key("evidence");
  json.BeginObject();
  json.Field("n_fail", verdict.evidence.failures);
  json.Field("n_ok", verdict.evidence.passes);
  json.Field("n_agents", static_cast<int64_t>(verdict.evidence.agents.size()));
  json.Field("gain", Rounded(verdict.evidence.gain));
  json.Key("classes");
  json.BeginObject();
  for (const auto& [name, count] : verdict.evidence.classes) json.Field(name, count);
  json.EndObject();
  json.Key("results");
  json.BeginArray();
  for (const std::string& id : verdict.evidence.observation_ids) json.String(id);
  json.EndArray();
  json.EndObject();
}

}  // namespace

// What is over for so long is never taken up again.
void IncidentLines::Forget(absl::Time before) {
  std::erase_if(told_, [&](const auto& entry) {
    return entry.second.told.closed && entry.second.at < before;
  });
}

std::string IncidentLines::Tell(const IncidentChange& change) {
  const Incident& incident = change.incident;
  const absl::Time at = incident.updated;  // when it was decided
  const Verdict& verdict = incident.verdict;
  const bool closed = incident.state == IncidentState::kResolved;
  const Told now{verdict.component, incident.alerting, closed};
  const auto [it, first] = told_.try_emplace(incident.id);
  const bool same = !first && it->second.told == now;
  it->second = {now, at};
  if (same) return "";
  if (told_.size() > kMaxTold) Forget(at - kRemembered);
  JsonWriter json;
  json.BeginObject();
  json.Field("type", "incident");
  json.Field("event", closed ? "close" : first ? "open" : "update");
  json.Field("id", incident.id);
  json.Field("at", Seconds(at));
  json.Field("component", verdict.component.Text());
  json.Field("class", FaultOf(verdict.component));
  json.Field("failure_class", FailureClassName(verdict.klass));
  json.Field("level", VerdictLevelName(verdict.level));
  json.Field("alert", incident.alerting);
  json.Field("start_est", Seconds(incident.started));
  json.Key("end_est");
  if (incident.ended) {
    json.Number(Seconds(*incident.ended));
  } else {
    json.Null();
  }
  json.Field("confidence", Rounded(verdict.confidence));
  json.Field("severity_est", Rounded(verdict.failing_share));
  json.Field("severity", SeverityName(verdict.severity));
  json.Field("mail_loss", MailLossName(verdict.mail_loss));
  WriteEvidence(verdict, json);
  json.Key("alternatives");
  json.BeginArray();
  for (const Alternative& alternative : verdict.alternatives) {
    json.BeginObject();
    json.Field("component", alternative.component.Text());
    json.Field("confidence", Rounded(alternative.confidence));
    json.EndObject();
  }
  json.EndArray();
  json.Field("explain", verdict.explanation);
  json.EndObject();
  return json.Take();
}

}  // namespace postwatch::collector
