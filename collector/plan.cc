#include "collector/plan.h"

#include <array>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr auto kKinds = std::to_array<PlannedKind>({
    {"dns.mx", Leg::kDns, false, absl::Seconds(60), absl::Seconds(20)},
    {"smtp.mx", Leg::kInbound, false, absl::Seconds(60), absl::Seconds(60)},
    {"smtp.submit", Leg::kSubmission, true, absl::Seconds(60), absl::Seconds(60)},
    {"imap.access", Leg::kAccess, true, absl::Seconds(60), absl::Seconds(60)},
    {"roundtrip", Leg::kDelivery, true, absl::Minutes(5), absl::Seconds(120)},
});

constexpr std::string_view kWitness = "witness";

// Neutral parties by default: three operators of public services that do not share a network.
constexpr std::array<std::string_view, 3> kDefaultAnchors = {"1.1.1.1:443", "8.8.8.8:443",
                                                             "9.9.9.9:443"};
constexpr std::string_view kDefaultZone = "iana.org";

const Settings& Empty() {
  static const Settings empty = Settings::Map();
  return empty;
}

const Settings& Of(const Settings& map, std::string_view key) {
  const Settings* found = map.Find(key);
  return found == nullptr ? Empty() : *found;
}

// `over` wins, key by key.
Settings Merge(const Settings& under, const Settings& over) {
  Settings merged = Settings::Map(over.origin().empty() ? under.origin() : over.origin());
  for (const auto& [key, value] : under.entries()) merged.Set(key, value);
  for (const auto& [key, value] : over.entries()) merged.Set(key, value);
  return merged;
}

// Takes the keys that are the scheduler's; what is left belongs to the probe.
struct Timing {
  bool enabled = true;
  absl::Duration interval, timeout;
  Settings rest;
};

Timing TakeTiming(const Settings& settings, const std::string& path, const PlannedKind& kind,
                  Mistakes& mistakes) {
  SettingsReader in(settings, path, mistakes);
  Timing timing;
  timing.enabled = in.Bool("enabled", true);
  timing.interval = in.Duration("interval", kind.interval, absl::Seconds(1), absl::Hours(24));
  timing.timeout = in.Duration("timeout", kind.timeout, absl::Milliseconds(100), absl::Minutes(10));
  timing.rest = Settings::Map(settings.origin());
  for (const auto& [key, value] : settings.entries()) {
    if (key != "enabled" && key != "interval" && key != "timeout") timing.rest.Set(key, value);
  }
  return timing;
}

void RefuseUnknownKinds(const Settings& checks, const std::string& path, Mistakes& mistakes) {
  std::vector<std::string_view> names;
  for (const PlannedKind& kind : kKinds) names.push_back(kind.kind);
  for (const auto& [key, value] : checks.entries()) {
    if (std::ranges::find(names, key) == names.end()) {
      mistakes.Add(value.origin(), Concat(path, ".", key),
                   Concat("is no check kind; there are ", Join(names, ", ")));
    }
  }
}

void PlanTarget(const CollectorConfig& config, const TargetConfig& target, size_t index,
                FleetPlan& plan, Mistakes& mistakes) {
  const std::string path = Concat("targets[", index, "].checks");
  const bool has_mailbox = target.mailbox.kind() == Settings::Kind::kMap;
  RefuseUnknownKinds(target.checks, path, mistakes);
  for (const PlannedKind& kind : kKinds) {
    if (kind.needs_mailbox && !has_mailbox) continue;
    const Settings merged = Merge(Of(config.defaults, kind.kind), Of(target.checks, kind.kind));
    Timing timing = TakeTiming(merged, Concat(path, ".", kind.kind), kind, mistakes);
    if (!timing.enabled) continue;
    if (kind.kind == "roundtrip" && timing.interval < config.round_trip_floor) {
      mistakes.Add(
          merged.origin().empty() ? target.origin : merged.origin(),
          Concat(path, ".roundtrip.interval"),
          Concat("is below round_trip_floor (", absl::FormatDuration(config.round_trip_floor),
                 "): providers take frequent probe mail for abuse"));
    }
    if (kind.needs_mailbox) timing.rest.Set("mailbox", target.mailbox);
    plan.checks.push_back({.id = Concat(target.domain, "/", kind.kind),
                           .kind = std::string(kind.kind),
                           .target = target.domain,
                           .provider = target.provider,
                           .leg = kind.leg,
                           .interval = timing.interval,
                           .timeout = timing.timeout,
                           .settings = std::move(timing.rest)});
  }
}

void PlanWitness(const CollectorConfig& config, FleetPlan& plan, Mistakes& mistakes) {
  constexpr PlannedKind kKind = {kWitness, Leg::kControl, false, absl::Seconds(30),
                                 absl::Seconds(15)};
  Timing timing =
      TakeTiming(config.witness.kind() == Settings::Kind::kNull ? Empty() : config.witness,
                 "witness", kKind, mistakes);
  if (timing.rest.Find("anchors") == nullptr) {
    std::vector<Settings> anchors;
    for (const std::string_view anchor : kDefaultAnchors) {
      anchors.push_back(Settings::Scalar(std::string(anchor), "default"));
    }
    timing.rest.Set("anchors", Settings::List(std::move(anchors), "default"));
    if (timing.rest.Find("zone") == nullptr) {
      timing.rest.Set("zone", Settings::Scalar(std::string(kDefaultZone), "default"));
    }
  }
  plan.checks.push_back({.id = std::string(kWitness),
                         .kind = std::string(kWitness),
                         .interval = timing.interval,
                         .timeout = timing.timeout,
                         .settings = std::move(timing.rest)});
}

}  // namespace

std::span<const PlannedKind> PlannedKinds() { return kKinds; }

absl::StatusOr<FleetPlan> MakePlan(const CollectorConfig& config) {
  Mistakes mistakes;
  FleetPlan plan;
  RefuseUnknownKinds(config.defaults, "defaults", mistakes);
  PlanWitness(config, plan, mistakes);
  for (size_t i = 0; i < config.targets.size(); ++i) {
    PlanTarget(config, config.targets[i], i, plan, mistakes);
  }
  absl::Status status = mistakes.ToStatus();
  if (!status.ok()) return status;
  return plan;
}

}  // namespace postwatch::collector
