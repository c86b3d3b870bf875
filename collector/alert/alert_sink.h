// AlertSink: one place where alerts are sent. To add one: a file pair and a line in
// builtin_sinks.cc.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/model/alert.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/model/settings.h"

namespace postwatch::collector {

// Lives on a worker thread of its own (outbox.h): Send may block, at most 10 s.
class AlertSink {
 public:
  virtual ~AlertSink() = default;

  // OK: the receiver has it. InvalidArgument or FailedPrecondition: it never will, do not try
  // again. Anything else: try again later. The text never holds a secret.
  virtual absl::Status Send(const Delivery& delivery) = 0;

  // For receivers that forget what is not repeated (Alertmanager): how often to call Refresh; zero
  // = never.
  virtual absl::Duration RefreshEvery() const { return absl::ZeroDuration(); }
  virtual absl::Status Refresh() { return absl::OkStatus(); }
  // The last alert of each incident that is still open, after a restart.
  virtual void Resume(const std::vector<Alert>& last_alerts) { (void)last_alerts; }
};

struct SinkDeps {
  const Clock& clock;
  std::string external_url;  // the dashboard, for links; no final slash
  std::function<absl::StatusOr<Secret>(const SecretReference&)> secrets;
};

// Mistakes of the settings are collected; the sink returned then is not used.
using MakeSink = std::unique_ptr<AlertSink> (*)(SettingsReader& settings, const SinkDeps& deps);

struct SinkKind {
  std::string_view type;     // "webhook"
  std::string_view meaning;  // one clause, for the README's table
  MakeSink make;
};

// THE TABLE (builtin_sinks.cc).
std::span<const SinkKind> BuiltinSinks();

// Null when there were mistakes; an unknown type is one, naming those there are.
std::unique_ptr<AlertSink> MakeBuiltinSink(std::string_view type, const Settings& settings,
                                           const std::string& path, const SinkDeps& deps,
                                           Mistakes& mistakes);

}  // namespace postwatch::collector
