#include "collector/alert/alertmanager_sink.h"

#include <gtest/gtest.h>

#include "collector/alert/alert_text.h"
#include "common/base/json.h"
#include "tests/support/fake_clock.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

using Lines = std::vector<std::string>;
using Labels = std::vector<std::pair<std::string, std::string>>;

std::string Body(const Alert& alert, absl::Time now, const Labels& labels = {}) {
  return AlertmanagerBody({alert}, now, "https://pw.test", labels);
}

std::string Part(const std::string& body, const std::string& key) {
  const size_t at = body.find("\"" + key + "\":");
  return at == body.npos ? "" : body.substr(at, body.find(key == "labels" ? '}' : ',', at) - at);
}

TEST(AlertmanagerBody, IsWhatTheApiTakes) {
  const Alert alert = AlertOf(AccessOutage(), AlertEvent::kOpened);
  EXPECT_EQ(Body(alert, Noon() + absl::Seconds(1), {{"team", "mail \"ops\""}}),
            R"([{"labels":{"alertname":"PostwatchIncident","incident":"inc-0123456789ab",)"
            R"("team":"mail \"ops\""},"annotations":{)"
            R"("summary":"[SEV2] alpha.test access: tcp_refused, 2/3 regions","description":)" +
                JsonString(AlertBody(alert)) +
                R"(,"severity":"error","provider":"alpha","component":"svc:alpha/imap",)"
                R"("class":"tcp_refused"},"startsAt":"2026-11-02T12:00:00.000Z",)"
                R"("endsAt":"2026-11-02T12:05:01.000Z",)"
                R"("generatorURL":"https://pw.test/#inc-0123456789ab"}])");
}

TEST(AlertmanagerBody, LabelsStayWhateverChanges) {
  Incident changed = ResolvedOutage();
  changed.verdict = {.component = {"zone", "alpha.test"},
                     .klass = FailureClass::kDnsServfail,
                     .leg = Leg::kDns,
                     .severity = Severity::kSev1};
  const std::string before = Body(AlertOf(AccessOutage(), AlertEvent::kOpened), Noon());
  const std::string after = Body(AlertOf(changed, AlertEvent::kResolved), Noon());
  EXPECT_EQ(Part(after, "labels"), Part(before, "labels"));
  EXPECT_EQ(Part(after, "startsAt"), Part(before, "startsAt"));
}

TEST(AlertmanagerBody, EndsInThePastExactlyWhenResolved) {
  const absl::Time now = Noon() + absl::Minutes(6);
  EXPECT_EQ(Part(Body(AlertOf(AccessOutage(), AlertEvent::kReminder), now), "endsAt"),
            R"("endsAt":"2026-11-02T12:11:00.000Z")");
  const Alert resolved = AlertOf(ResolvedOutage(), AlertEvent::kResolved);
  EXPECT_EQ(Part(Body(resolved, now), "endsAt"), R"("endsAt":"2026-11-02T12:05:00.000Z")");
  // Even by a clock that was set back meanwhile.
  EXPECT_EQ(Part(Body(resolved, Noon() + absl::Minutes(1)), "endsAt"),
            R"("endsAt":"2026-11-02T12:01:00.000Z")");
}

TEST(AlertmanagerBody, HoldsAllAlerts) {
  EXPECT_EQ(AlertmanagerBody({}, Noon(), "", {}), "[]");
  const Alert alert = AlertOf(AccessOutage(), AlertEvent::kOpened);
  const std::string one = Body(alert, Noon());
  const std::string inner = one.substr(1, one.size() - 2);
  EXPECT_EQ(AlertmanagerBody({alert, alert}, Noon(), "https://pw.test", {}),
            "[" + inner + "," + inner + "]");
}

class AlertmanagerSinkTest : public testing::Test {
 protected:
  Lines Make(const Settings& settings) {
    Mistakes mistakes;
    SettingsReader in(settings, "alerting.sinks[0]", mistakes);
    sink = MakeAlertmanagerSink(in, {.clock = clock});
    in.Finish();
    return mistakes.lines();
  }

  static Settings Urls(const std::vector<std::string>& urls) {
    std::vector<Settings> items;
    for (const std::string& url : urls) items.push_back(Settings::Scalar(url, "c.yaml:6"));
    Settings settings = Settings::Map("c.yaml:4");
    settings.Set("urls", Settings::List(std::move(items), "c.yaml:5"));
    return settings;
  }

  FakeClock clock;
  std::unique_ptr<AlertSink> sink;
};

TEST_F(AlertmanagerSinkTest, TakesUrlsAndLabels) {
  Settings settings = Urls({"http://am1.test:9093/", "https://am2.test"});
  Settings labels = Settings::Map("c.yaml:7");
  labels.Set("team_2", Settings::Scalar("mail", "c.yaml:8"));
  settings.Set("labels", labels);
  settings.Set("ca_file", Settings::Scalar("/ca.pem", "c.yaml:9"));
  EXPECT_EQ(Make(settings), Lines{});
  EXPECT_EQ(sink->RefreshEvery(), absl::Minutes(1));
}

TEST_F(AlertmanagerSinkTest, TellsEveryMistake) {
  EXPECT_EQ(Make(Settings::Map("c.yaml:4")),
            Lines{"c.yaml:4: alerting.sinks[0].urls: must name at least one Alertmanager"});
  Settings settings = Urls({"am1.test:9093"});
  Settings labels = Settings::Map("c.yaml:7");
  for (const char* name : {"1st", "alertname", "incident", "a-b", ""}) {
    labels.Set(name, Settings::Scalar("x", "c.yaml:8"));
  }
  labels.Set("list", Settings::List({}, "c.yaml:9"));
  settings.Set("labels", labels);
  EXPECT_EQ(Make(settings),
            (Lines{"c.yaml:6: alerting.sinks[0].urls: must start with https:// or http://",
                   "c.yaml:7: alerting.sinks[0].labels: '' is no label name, or one that is taken",
                   "c.yaml:7: alerting.sinks[0].labels: '1st' is no label name, or one that is "
                   "taken",
                   "c.yaml:7: alerting.sinks[0].labels: 'a-b' is no label name, or one that is "
                   "taken",
                   "c.yaml:7: alerting.sinks[0].labels: 'alertname' is no label name, or one that "
                   "is taken",
                   "c.yaml:7: alerting.sinks[0].labels: 'incident' is no label name, or one that "
                   "is taken",
                   "c.yaml:7: alerting.sinks[0].labels: 'list' must have a single value"}));
  Settings scalar = Urls({"http://am1.test"});
  scalar.Set("labels", Settings::Scalar("team", "c.yaml:7"));
  EXPECT_EQ(Make(scalar),
            Lines{"c.yaml:7: alerting.sinks[0].labels: must be a map from label to value"});
}

TEST_F(AlertmanagerSinkTest, WithNothingOpenThereIsNothingToRepeat) {
  Make(Urls({"http://am1.test"}));
  EXPECT_TRUE(sink->Refresh().ok());
}

}  // namespace
}  // namespace postwatch::collector
