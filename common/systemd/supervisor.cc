#include "common/systemd/supervisor.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxStatusBytes = 256;
constexpr int kMealsAPeriod = 4;

// A line break would begin another assignment of the protocol.
std::string OneLine(std::string_view status) {
  std::string line(Truncate(Trim(status), kMaxStatusBytes));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return line;
}

}  // namespace

void Supervisor::Pulse(absl::Duration steady, std::string_view status) {
  std::string message;
  if (!ready_) message += "READY=1\n";
  if (std::string line = OneLine(status); !ready_ || line != status_) {
    Append(message, "STATUS=", line, "\n");
    status_ = std::move(line);
  }
  const bool hungry =
      watchdog_ > absl::ZeroDuration() && (!ready_ || steady - fed_ >= watchdog_ / kMealsAPeriod);
  if (hungry) {
    message += "WATCHDOG=1\n";
    fed_ = steady;
  }
  ready_ = true;
  if (!message.empty()) send_(message);
}

void Supervisor::Reloading(absl::Duration steady, std::string_view status) {
  std::string message = Concat("RELOADING=1\nMONOTONIC_USEC=", absl::ToInt64Microseconds(steady),
                               "\nSTATUS=", OneLine(status), "\n");
  if (watchdog_ > absl::ZeroDuration()) message += "WATCHDOG=1\n";
  send_(message);
  ready_ = false;
}

Supervisor SystemdSupervisor() {
  uint64_t period_us = 0;
  if (sd_watchdog_enabled(0, &period_us) <= 0) period_us = 0;
  // That it cannot be told is nothing we could do anything about: the watchdog will say so.
  return Supervisor([](const std::string& message) { sd_notify(0, message.c_str()); },
                    absl::Microseconds(static_cast<int64_t>(period_us)));
}

}  // namespace postwatch
