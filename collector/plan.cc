#include "collector/plan.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "collector/ingest/assignment.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kRoundtrip = "roundtrip";
constexpr std::string_view kWitness = "witness";

constexpr auto kKinds = std::to_array<PlannedKind>({
    {"dns.mx", Leg::kDns, false, absl::Seconds(60), absl::Seconds(20)},
    {"smtp.mx", Leg::kInbound, false, absl::Seconds(60), absl::Seconds(60)},
    {"smtp.submit", Leg::kSubmission, true, absl::Seconds(60), absl::Seconds(60)},
    {"imap.access", Leg::kAccess, true, absl::Seconds(60), absl::Seconds(60)},
    {kRoundtrip, Leg::kDelivery, true, absl::Minutes(5), absl::Seconds(120)},
});

// Neutral parties by default: three operators of public services that do not share a network.
constexpr std::array<std::string_view, 3> kDefaultAnchors = {"1.1.1.1:443", "8.8.8.8:443",
                                                             "9.9.9.9:443"};
constexpr std::string_view kDefaultZone = "iana.org";

// When and how a check of one kind runs; what is left of its settings belongs to the probe.
struct Recipe {
  bool enabled = true;
  absl::Duration interval, timeout;
  Settings probe = Settings::Map();
};

// By kind, in the order of kKinds.
using Recipes = std::vector<Recipe>;

// `settings` over `under`, key by key. Takes the keys that are the scheduler's.
Recipe Refine(const Settings& settings, const std::string& path, const Recipe& under,
              Mistakes& mistakes) {
  SettingsReader in(settings, path, mistakes);
  Recipe recipe = under;
  recipe.enabled = in.Bool("enabled", under.enabled);
  recipe.interval = in.Duration("interval", under.interval, absl::Seconds(1), absl::Hours(24));
  recipe.timeout =
      in.Duration("timeout", under.timeout, absl::Milliseconds(100), absl::Minutes(10));
  const bool silent = settings.origin().empty();
  recipe.probe = Settings::Map(silent ? under.probe.origin() : settings.origin());
  for (const auto& [key, value] : under.probe.entries()) recipe.probe.Set(key, value);
  for (const auto& [key, value] : settings.entries()) {
    if (key != "enabled" && key != "interval" && key != "timeout") recipe.probe.Set(key, value);
  }
  return recipe;
}

void RespectFloor(const CollectorConfig& config, const Settings& settings, const std::string& path,
                  const Recipe& recipe, Mistakes& mistakes) {
  if (recipe.interval >= config.round_trip_floor) return;
  SettingsReader(settings, path, mistakes)
      .Complain("interval",
                Concat("is below round_trip_floor (", absl::FormatDuration(config.round_trip_floor),
                       "): providers take frequent probe mail for abuse"));
}

// Every kind as `checks`, a map from kind to settings, has it. Kinds it does not name stay as in
// `under`.
Recipes ReadRecipes(const CollectorConfig& config, const Settings& checks, const std::string& path,
                    Recipes under, Mistakes& mistakes) {
  for (const auto& [name, settings] : checks.entries()) {
    const auto kind = std::ranges::find(kKinds, name, &PlannedKind::kind);
    const std::string here = Concat(path, ".", name);
    if (kind == kKinds.end()) {
      std::vector<std::string_view> names;
      names.reserve(kKinds.size());
      for (const PlannedKind& known : kKinds) names.push_back(known.kind);
      mistakes.Add(settings.origin(), here,
                   Concat("is no check kind; there are ", Join(names, ", ")));
      continue;
    }
    Recipe& recipe = under[static_cast<size_t>(kind - kKinds.begin())];
    recipe = Refine(settings, here, recipe, mistakes);
    if (kind->kind == kRoundtrip) RespectFloor(config, settings, here, recipe, mistakes);
  }
  return under;
}

Recipes BuiltinRecipes(const CollectorConfig& config) {
  Recipes recipes;
  recipes.reserve(kKinds.size());
  for (const PlannedKind& kind : kKinds) {
    const bool is_mail = kind.kind == kRoundtrip;
    recipes.push_back(
        {.interval = is_mail ? std::max(kind.interval, config.round_trip_floor) : kind.interval,
         .timeout = kind.timeout});
  }
  return recipes;
}

std::vector<CheckSpec> PlanTarget(const CollectorConfig& config, const TargetConfig& target,
                                  const std::string& path, const Recipes& defaults,
                                  Mistakes& mistakes) {
  std::vector<CheckSpec> checks;
  checks.reserve(kKinds.size());
  const bool has_mailbox = target.mailbox.kind() == Settings::Kind::kMap;
  const Recipes recipes = ReadRecipes(config, target.checks, path, defaults, mistakes);
  for (size_t i = 0; i < kKinds.size(); ++i) {
    const PlannedKind& kind = kKinds[i];
    Recipe recipe = recipes[i];
    if (!recipe.enabled) continue;
    if (kind.needs_mailbox && !has_mailbox) {
      const Settings* named = target.checks.Find(kind.kind);
      if (named == nullptr) continue;
      mistakes.Add(named->origin(), Concat(path, ".", kind.kind),
                   "needs a mailbox, and the target has none");
    }
    if (kind.needs_mailbox) recipe.probe.Set("mailbox", target.mailbox);
    checks.push_back({.id = Concat(target.domain, "/", kind.kind),
                      .kind = std::string(kind.kind),
                      .target = target.domain,
                      .provider = target.provider,
                      .leg = kind.leg,
                      .interval = recipe.interval,
                      .timeout = recipe.timeout,
                      .settings = std::move(recipe.probe)});
  }
  return checks;
}

CheckSpec PlanWitness(const CollectorConfig& config, Mistakes& mistakes) {
  const Recipe builtin{.interval = absl::Seconds(30), .timeout = absl::Seconds(15)};
  const std::string path(kWitness);
  Recipe recipe = Refine(config.witness, path, builtin, mistakes);
  if (!recipe.enabled) {
    SettingsReader(config.witness, path, mistakes)
        .Complain("enabled",
                  "must not be false: without a witness, an agent's own fault looks "
                  "like an outage");
  }
  if (recipe.probe.Find("anchors") == nullptr) {
    std::vector<Settings> anchors;
    for (const std::string_view anchor : kDefaultAnchors) {
      anchors.push_back(Settings::Scalar(std::string(anchor), "default"));
    }
    recipe.probe.Set("anchors", Settings::List(std::move(anchors), "default"));
    if (recipe.probe.Find("zone") == nullptr) {
      recipe.probe.Set("zone", Settings::Scalar(std::string(kDefaultZone), "default"));
    }
  }
  return {.id = path,
          .kind = path,
          .interval = recipe.interval,
          .timeout = recipe.timeout,
          .settings = std::move(recipe.probe)};
}

}  // namespace

std::span<const PlannedKind> PlannedKinds() { return kKinds; }

FleetPlan MakePlan(const CollectorConfig& config, Mistakes& mistakes) {
  FleetPlan plan;
  const Recipes defaults =
      ReadRecipes(config, config.defaults, "defaults", BuiltinRecipes(config), mistakes);
  plan.checks.push_back(PlanWitness(config, mistakes));
  for (size_t i = 0; i < config.targets.size(); ++i) {
    std::vector<CheckSpec> checks = PlanTarget(
        config, config.targets[i], Concat("targets[", i, "].checks"), defaults, mistakes);
    std::ranges::move(checks, std::back_inserter(plan.checks));
  }
  if (plan.checks.size() > kMaxAssignedChecks) {
    mistakes.Add("", "targets",
                 Concat("make ", plan.checks.size(), " checks, but agents take ",
                        kMaxAssignedChecks, " at most: watch fewer"));
  }
  return plan;
}

}  // namespace postwatch::collector
