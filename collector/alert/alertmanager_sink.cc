#include "collector/alert/alertmanager_sink.h"

#include <algorithm>
#include <map>

#include "collector/alert/alert_text.h"
#include "collector/alert/http_post.h"
#include "collector/model/incident_json.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

// An alert that is not repeated within this time is taken for resolved by Alertmanager.
constexpr absl::Duration kLifetime = absl::Minutes(5);
constexpr absl::Duration kRefreshEvery = absl::Minutes(1);
// Resolved alerts are repeated this long, for replicas that were away.
constexpr absl::Duration kRepeatResolved = absl::Minutes(5);

using Labels = std::vector<std::pair<std::string, std::string>>;

void WriteAlert(JsonWriter& out, const Alert& alert, absl::Time now, std::string_view external_url,
                const Labels& labels) {
  const Incident& incident = alert.incident;
  out.BeginObject();
  out.Key("labels");
  out.BeginObject();
  out.Field("alertname", "PostwatchIncident");
  out.Field("incident", incident.id);
  for (const auto& [name, value] : labels) out.Field(name, value);
  out.EndObject();
  out.Key("annotations");
  out.BeginObject();
  out.Field("summary", AlertTitle(alert));
  out.Field("description", AlertBody(alert));
  out.Field("severity", SeverityLabel(incident.verdict.severity));
  out.Field("provider", incident.verdict.provider);
  out.Field("component", incident.verdict.component.Text());
  out.Field("class", FailureClassName(incident.verdict.klass));
  out.EndObject();
  out.Field("startsAt", JsonTime(incident.opened));
  const bool resolved = alert.event == AlertEvent::kResolved;
  out.Field("endsAt", JsonTime(resolved ? std::min(incident.updated, now) : now + kLifetime));
  out.Field("generatorURL", Concat(external_url, "/#", incident.id));
  out.EndObject();
}

// [a-zA-Z_][a-zA-Z0-9_]*
bool IsLabelName(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Labels ReadLabels(SettingsReader& settings) {
  Labels labels;
  const Settings* node = settings.Child("labels");
  if (node == nullptr) return labels;
  if (node->kind() != Settings::Kind::kMap) {
    settings.Complain("labels", "must be a map from label to value");
    return labels;
  }
  for (const auto& [name, value] : node->entries()) {
    if (!IsLabelName(name) || name == "alertname" || name == "incident") {
      settings.Complain("labels", Concat("'", name, "' is no label name, or one that is taken"));
    } else if (value.kind() != Settings::Kind::kScalar) {
      settings.Complain("labels", Concat("'", name, "' must have a single value"));
    } else {
      labels.emplace_back(name, value.scalar());
    }
  }
  return labels;
}

class AlertmanagerSink : public AlertSink {
 public:
  AlertmanagerSink(std::vector<std::string> urls, Labels labels, std::string ca_file,
                   const SinkDeps& deps)
      : urls_(std::move(urls)),
        labels_(std::move(labels)),
        ca_file_(std::move(ca_file)),
        deps_(deps) {}

  absl::Status Send(const Delivery& delivery) override {
    current_[delivery.alert.incident.id] = delivery.alert;
    return Post({delivery.alert});
  }

  absl::Duration RefreshEvery() const override { return kRefreshEvery; }

  absl::Status Refresh() override {
    const absl::Time now = deps_.clock.Now();
    std::erase_if(current_, [now](const auto& entry) {
      const Alert& alert = entry.second;
      return alert.event == AlertEvent::kResolved && now - alert.decided > kRepeatResolved;
    });
    if (current_.empty()) return absl::OkStatus();
    std::vector<Alert> alerts;
    alerts.reserve(current_.size());
    for (const auto& [id, alert] : current_) alerts.push_back(alert);
    return Post(alerts);
  }

  void Resume(const std::vector<Alert>& last_alerts) override {
    for (const Alert& alert : last_alerts) current_[alert.incident.id] = alert;
  }

 private:
  // One replica that has it is enough: the others learn by gossip and by the next refresh.
  absl::Status Post(const std::vector<Alert>& alerts) {
    const std::string body =
        AlertmanagerBody(alerts, deps_.clock.Now(), deps_.external_url, labels_);
    absl::Status worst;
    bool delivered = false;
    for (const std::string& url : urls_) {
      absl::Status status = SendPost({.url = Concat(url, "/api/v2/alerts"),
                                      .headers = {"Content-Type: application/json"},
                                      .body = body,
                                      .ca_file = ca_file_});
      if (status.ok()) {
        delivered = true;
      } else {
        worst = status;
      }
    }
    return delivered ? absl::OkStatus() : worst;
  }

  std::vector<std::string> urls_;
  Labels labels_;
  std::string ca_file_;
  SinkDeps deps_;
  std::map<std::string, Alert> current_;  // by incident
};

}  // namespace

std::string AlertmanagerBody(const std::vector<Alert>& alerts, absl::Time now,
                             std::string_view external_url, const Labels& labels) {
  JsonWriter out;
  out.BeginArray();
  for (const Alert& alert : alerts) WriteAlert(out, alert, now, external_url, labels);
  out.EndArray();
  return out.Take();
}

std::unique_ptr<AlertSink> MakeAlertmanagerSink(SettingsReader& settings, const SinkDeps& deps) {
  std::vector<std::string> urls = settings.Strings("urls", UrlMistake);
  if (settings.Items("urls").empty()) {
    settings.Complain("urls", "must name at least one Alertmanager");
  }
  for (std::string& url : urls) {
    while (url.ends_with('/')) url.pop_back();
  }
  Labels labels = ReadLabels(settings);
  std::string ca_file = settings.String("ca_file", "");
  return std::make_unique<AlertmanagerSink>(std::move(urls), std::move(labels), std::move(ca_file),
                                            deps);
}

}  // namespace postwatch::collector
