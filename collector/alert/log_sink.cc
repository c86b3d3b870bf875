#include "collector/alert/log_sink.h"

#include "collector/alert/alert_text.h"
#include "common/base/log.h"

namespace postwatch::collector {
namespace {

class LogSink : public AlertSink {
 public:
  absl::Status Send(const Delivery& delivery) override {
    const Alert& alert = delivery.alert;
    Log(LogLevel::kWarn, "ALERT",
        {{"event", std::string(AlertEventName(alert.event))},
         {"title", AlertTitle(alert)},
         {"incident", alert.incident.id},
         {"delivery", delivery.id},
         {"explanation", alert.incident.verdict.explanation}});
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<AlertSink> MakeLogSink(SettingsReader&, const SinkDeps&) {
  return std::make_unique<LogSink>();
}

}  // namespace postwatch::collector
