// Supervisor: tells systemd that the program is ready, how it is, and that it is alive.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace postwatch {

// One thread.
class Supervisor {
 public:
  // Takes one message as sd_notify(3) has them, "READY=1\nSTATUS=...".
  using Send = std::function<void(const std::string& message)>;

  // `watchdog`: after how long without a sign of life the program is restarted; zero: never.
  Supervisor(Send send, absl::Duration watchdog) : send_(std::move(send)), watchdog_(watchdog) {}

  // To be called from the event loop once a second or more often, with Clock::Steady, so that a
  // loop that hangs is noticed. The first call tells that the program is ready; the others feed the
  // watchdog four times in its period, and tell the status when it has changed. `status` is for
  // people; it is cut at 256 bytes and becomes one line.
  void Pulse(absl::Duration steady, std::string_view status);

  // Tells that the program is about to become another in the same process, and feeds the watchdog
  // for the time that takes. The next Pulse, whoever's, tells that it is ready again.
  void Reloading(absl::Duration steady, std::string_view status);

 private:
  Send send_;
  absl::Duration watchdog_;
  bool ready_ = false;
  std::string status_;  // as last told
  absl::Duration fed_;  // when the watchdog last was
};

// Speaks to the systemd that started this process; says nothing where none asked. Reads the
// environment that systemd gives to services (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID).
Supervisor SystemdSupervisor();

}  // namespace postwatch
