#include <array>

#include "collector/alert/alert_sink.h"
#include "collector/alert/alertmanager_sink.h"
#include "collector/alert/log_sink.h"
#include "collector/alert/webhook_sink.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr auto kSinks = std::to_array<SinkKind>({
    {"alertmanager", "Prometheus Alertmanager, API v2, every replica", MakeAlertmanagerSink},
    {"webhook", "an HTTP POST of the incident as JSON, signed with HMAC-SHA-256", MakeWebhookSink},
    {"log", "a line in the collector's own log", MakeLogSink},
});

}  // namespace

std::span<const SinkKind> BuiltinSinks() { return kSinks; }

std::unique_ptr<AlertSink> MakeBuiltinSink(std::string_view type, const Settings& settings,
                                           const std::string& path, const SinkDeps& deps,
                                           Mistakes& mistakes) {
  for (const SinkKind& kind : kSinks) {
    if (kind.type != type) continue;
    Mistakes own(mistakes.notes());
    SettingsReader reader(settings, path, own);
    std::unique_ptr<AlertSink> sink = kind.make(reader, deps);
    reader.Finish();
    mistakes.Add(own);
    return own.empty() ? std::move(sink) : nullptr;
  }
  std::vector<std::string_view> types;
  types.reserve(kSinks.size());
  for (const SinkKind& kind : kSinks) types.push_back(kind.type);
  mistakes.Add(settings.origin(), Concat(path, ".type"),
               Concat("'", type, "' is none of ", Join(types, ", ")));
  return nullptr;
}

}  // namespace postwatch::collector
