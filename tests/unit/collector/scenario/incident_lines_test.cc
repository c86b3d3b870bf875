#include "collector/scenario/incident_lines.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/model/component.h"

namespace postwatch::collector {
namespace {

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

std::string Tell(IncidentLines& lines, IncidentChange change, absl::Time decided) {
  change.incident.updated = decided;
  return lines.Tell(change);
}

IncidentChange Change() {
  IncidentChange change;
  Incident& incident = change.incident;
  incident.id = "inc-0123456789ab";
  incident.alerting = true;
  incident.started = At(100.5);
  Verdict& verdict = incident.verdict;
  verdict.component = {"mx", "mx1.p"};
  verdict.klass = FailureClass::kTcpRefused;
  verdict.level = VerdictLevel::kReal;
  verdict.confidence = 0.98765;
  verdict.failing_share = 1;
  verdict.severity = Severity::kSev3;
  verdict.mail_loss = MailLoss::kQueued;
  verdict.evidence.failures = 5;
  verdict.evidence.passes = 2;
  verdict.evidence.agents = {"a", "b"};
  verdict.evidence.gain = 12.5;
  verdict.evidence.classes = {{"tcp_refused", 5}};
  verdict.evidence.observation_ids = {"o1", "o2"};
  verdict.alternatives = {{{"site", "p-eu"}, 0.01, "another host"}};
  verdict.explanation = "It is down.";
  return change;
}

TEST(IncidentLines, HaveEveryField) {
  IncidentLines lines;
  EXPECT_EQ(Tell(lines, Change(), At(123.4567)),
            R"({"type":"incident","event":"open","id":"inc-0123456789ab","at":123.457,)"
            R"("component":"mx:mx1.p","class":"mx_down","failure_class":"tcp_refused",)"
            R"("level":"real","alert":true,"start_est":100.5,"end_est":null,"confidence":0.9877,)"
            R"("severity_est":1,"severity":"sev3","mail_loss":"queued",)"
            R"("evidence":{"n_fail":5,"n_ok":2,"n_agents":2,"gain":12.5,)"
            R"("classes":{"tcp_refused":5},"results":["o1","o2"]},)"
            R"("alternatives":[{"component":"site:p-eu","confidence":0.01}],)"
            R"("explain":"It is down."})");
}

std::string EventOf(const std::string& line) {
  const std::string key = "\"event\":\"";
  const size_t from = line.find(key);
  if (from == line.npos) return line;
  return line.substr(from + key.size(), line.find('"', from + key.size()) - from - key.size());
}

TEST(IncidentLines, TellWhatChangedForTheFormatOnly) {
  IncidentLines lines;
  IncidentChange change = Change();
  change.incident.alerting = false;
  EXPECT_EQ(EventOf(Tell(lines, change, At(1))), "open");
  change.incident.verdict.confidence = 0.5;
  EXPECT_EQ(Tell(lines, change, At(2)), "");
  change.incident.alerting = true;
  EXPECT_EQ(EventOf(Tell(lines, change, At(3))), "update");
  change.incident.verdict.component = {"site", "p-eu"};
  EXPECT_EQ(EventOf(Tell(lines, change, At(4))), "update");
  EXPECT_EQ(Tell(lines, change, At(5)), "");
  change.incident.state = IncidentState::kResolved;
  change.incident.ended = At(5.25);
  const std::string closed = Tell(lines, change, At(6));
  EXPECT_EQ(EventOf(closed), "close");
  EXPECT_NE(closed.find("\"end_est\":5.25,"), std::string::npos) << closed;
  change.incident.state = IncidentState::kOpen;
  change.incident.ended.reset();
  EXPECT_EQ(EventOf(Tell(lines, change, At(7))), "update") << "it is back, under its own name";
}

TEST(IncidentLines, ForgetWhatIsOverForADayOnceThereIsMuch) {
  IncidentLines lines;
  IncidentChange change = Change();
  change.incident.state = IncidentState::kResolved;
  Tell(lines, change, At(0));
  for (int i = 0; i < 1000; ++i) {
    change.incident.id = std::to_string(i);
    Tell(lines, change, At(86401));
  }
  EXPECT_EQ(Tell(lines, change, At(86402)), "") << "the new ones are known";
  change.incident.id = "inc-0123456789ab";
  change.incident.state = IncidentState::kOpen;
  EXPECT_EQ(EventOf(Tell(lines, change, At(86403))), "open");
}

TEST(IncidentLines, NameAFaultOfEachKind) {
  const std::vector<std::pair<std::string_view, std::string_view>> faults = {
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
      {"fleet", "unknown"},
  };
  for (const auto& [kind, fault] : faults) {
    IncidentLines lines;
    IncidentChange change = Change();
    change.incident.verdict.component = {std::string(kind), "n"};
    const std::string line = Tell(lines, change, At(1));
    const std::string expected = "\"class\":\"" + std::string(fault) + "\"";
    EXPECT_NE(line.find(expected), std::string::npos) << kind << ": " << line;
  }
}

}  // namespace
}  // namespace postwatch::collector
