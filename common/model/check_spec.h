// CheckSpec: what is configured to be watched.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/model/settings.h"

namespace postwatch {

// The part of the mail service a check speaks about; kControl is about the agent itself.
enum class Leg { kControl, kDns, kInbound, kSubmission, kAccess, kDelivery, kRegistration };

// "control", "dns", "inbound", "submission", "access", "delivery", "registration".
std::string_view LegName(Leg leg);
std::optional<Leg> ParseLeg(std::string_view name);

struct CheckSpec {
  std::string id;        // unique and stable: "alpha.test/roundtrip"
  std::string kind;      // "smtp.mx"
  std::string target;    // domain; empty for control checks
  std::string provider;  // IsName; empty for control checks
  Leg leg = Leg::kControl;
  absl::Duration interval = absl::Seconds(60);
  absl::Duration timeout = absl::Seconds(30);  // of one run as a whole
  Settings settings;
  // Least mean time between two runs by the fleet as a whole: with many agents each runs it less
  // often. Zero: every agent runs it at its interval.
  absl::Duration fleet_gap;

  bool operator==(const CheckSpec&) const = default;
};

}  // namespace postwatch
