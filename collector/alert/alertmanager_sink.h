// Alertmanager sink: POST /api/v2/alerts to every replica, repeated as long as the incident lasts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collector/alert/alert_sink.h"

namespace postwatch::collector {

// Settings: urls (required, base URLs of all replicas), labels (map of extra labels, the same for
// every alert; alertname and incident are taken), ca_file.
std::unique_ptr<AlertSink> MakeAlertmanagerSink(SettingsReader& settings, const SinkDeps& deps);

// The JSON array of API v2. Labels identify the incident and never change during its life: what may
// change, the blame and hence the provider too, is in the annotations. `endsAt` is in the past
// exactly when the alert is a resolved one.
std::string AlertmanagerBody(const std::vector<Alert>& alerts, absl::Time now,
                             std::string_view external_url,
                             const std::vector<std::pair<std::string, std::string>>& labels);

}  // namespace postwatch::collector
