#include "agent/uplink/link_log.h"

#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch::agent {

void LinkLog::Closed(const absl::Status& status, absl::Duration again_in, uint64_t waiting) {
  const std::string text = status.ToString();
  const LogLevel level = text == last_closed_ ? LogLevel::kDebug : LogLevel::kWarn;
  last_closed_ = text;
  Log(level, "no connection to the collector; observations wait in the spool",
      {{"error", text},
       {"again_in", absl::FormatDuration(again_in)},
       {"waiting", Concat(waiting)}});
}

void LinkLog::SpoolFails(std::string_view operation, const absl::Status& status,
                         absl::Duration now) {
  const std::optional<uint64_t> held_back = spool_lines_.Take(now);
  if (!held_back.has_value()) return;
  Log(LogLevel::kError, "the spool does not work",
      {{"operation", std::string(operation)},
       {"error", status.ToString()},
       {"held_back_before", Concat(*held_back)}});
}

}  // namespace postwatch::agent
